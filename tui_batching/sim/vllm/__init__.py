"""vLLM V1, decision by decision as its own scheduler makes them.

A request that runs owes the tokens known of it, its prompt and what it has made, less those
computed: all of them at first or after a preemption, one in each decode step. Before an iteration
everybody who runs gets what is owed, in order of admission and within the token budget; while KV
blocks are short somebody is preempted. If nobody had to be, the head of the queue is admitted, and
the next one, while slots, tokens and blocks last. The iteration that computes the last token known
makes the next one.

With asynchronous scheduling the next iteration is planned while one runs. So an arrival is seen one
iteration later, and who has made the last token keeps slot and blocks for the plan made meanwhile.

With prefix caching blocks that are full have names, which tell all of their contents from the
first token on. Who is admitted finds the blocks of that name that are in memory, whoever computed
them, and owes that much less. Blocks that nobody uses are free to take, those without a name first,
then those that were given back longest ago.
"""
