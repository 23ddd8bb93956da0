"""Who runs when: from a workload and a strategy to a Run.

Two kinds of scheduling (the names are the Orca paper's, OSDI '22), each with its rules:

**Request-level**: a batch forms, runs until its longest member is done, then the next one forms.

- *Static* takes `batch_size` requests in order of arrival; the last batch may be smaller. A batch
  starts when its last member has arrived and the server is free.
- *Dynamic* also closes a batch when a timeout passes. The batch opens when the server is free and
  a request is there; who arrives before the timeout has passed joins, until the batch is full. It
  starts when it is full, at the last arrival if no further request will ever come, or else when
  the timeout passes, which counts from the opening or from the oldest waiting request's arrival.
- *Triton*'s rules are told in `tui_batching.sim.triton`.
- In all, all prompts are prefilled together, every decode step is billed for the whole batch,
  members that are done included, and all members end with the batch.

**Iteration-level**: requests may be admitted before each iteration and released after it.

- *Continuous* admits, at every iteration boundary and while a slot is free, whoever has arrived,
  one after the other: each prefill runs alone while everybody else stalls, and who arrives
  meanwhile counts as well. Then follows one decode step, billed for those who run; who has made
  the last token leaves at its end. While nobody runs, time jumps to the next arrival.
- *vLLM* gives every iteration a budget of tokens, to decodes and chunks of prompts alike, and takes
  memory back where it runs out; its rules are told in `tui_batching.sim.vllm`.
- *Orca*, *TGI*, *TensorRT-LLM*, *FastGen*, *SGLang* and *vLLM V0* are rows of choices for one loop;
  see `tui_batching.sim.engines`.

Who arrives exactly on a boundary, or just as a timeout passes, is there.
"""
