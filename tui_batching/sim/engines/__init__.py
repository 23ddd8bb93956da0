"""The schedulers of real engines: one iteration-level loop, and the parts that they differ in.

- `loop`: before each iteration it decides who gets how many tokens.
- `memory`: what is held of the KV cache, and what happens when it is full.
- `cuts`: how prompts are cut into the chunks that an iteration processes.
- `joining`: when newcomers may join.
- `tensorrt_llm`, `tgi`, `sglang`, `fastgen`: parts that one engine alone has.
- `serving`: from requests to a Run, or a sentence that says which one can never be served.

An engine is a row of choices among these: `parts` of its module in `strategies`.
"""
