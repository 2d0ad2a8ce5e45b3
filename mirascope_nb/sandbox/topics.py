"""Short explanations, by topic."""

TOPICS: dict[str, str] = {
    "anywidget": (
        "**anywidget** is a way to write Jupyter widgets as one Python class and one JavaScript "
        "module, without a build step. The same widget then works in JupyterLab, VS Code and Colab."
    ),
    "asyncio": (
        "**asyncio** runs many waiting jobs in one thread. A coroutine gives up control at each "
        "`await`, and the event loop goes on with whichever job is ready."
    ),
    "black holes": (
        "A **black hole** is a region whose gravity lets nothing out, not even light. Most form "
        "when a massive star collapses; the largest sit at the centres of galaxies."
    ),
    "decorators": (
        "A **decorator** in Python is a function that takes a function and returns another in its "
        "place. Writing `@name` above a definition applies it."
    ),
    "dna": (
        "**DNA** is the molecule that stores the plan of a living thing. Its two strands pair A "
        "with T and C with G, so each can be copied from the other."
    ),
    "entropy": (
        "**Entropy** counts in how many ways a system can be arranged without looking different. "
        "Left alone, systems drift towards the arrangements that are most numerous."
    ),
    "evolution": (
        "**Evolution** is change in what a population inherits. Variants that leave more offspring "
        "become common, and over many generations that shapes whole species."
    ),
    "generators": (
        "A **generator** is a function that yields values one at a time and pauses in between. It "
        "lets you walk through a long sequence without ever holding all of it."
    ),
    "git": (
        "**Git** records snapshots of a project as commits, each pointing to the ones before. "
        "Branches are just names for commits, which makes them cheap."
    ),
    "gravity": (
        "**Gravity** is the attraction between masses. Newton described it as a force that falls "
        "off with the square of the distance, and Einstein as the bending of space and time."
    ),
    "http": (
        "**HTTP** is a protocol of requests and answers. A client names a method and a path, the "
        "server replies with a status, headers and a body."
    ),
    "inflation": (
        "**Inflation** is a general rise of prices, so that the same money buys less. It comes "
        "from demand that outruns supply, from rising costs, or from too much money."
    ),
    "json": (
        "**JSON** writes data as text: objects, arrays, strings, numbers, `true`, `false` and "
        "`null`. Almost every language reads it."
    ),
    "jupyter": (
        "**Jupyter** notebooks mix code, its output and prose in one document. The page sends "
        "cells to a kernel, which runs them and keeps the variables."
    ),
    "large language models": (
        "A **large language model** is a neural network trained to continue text, one token at a "
        "time. (I am not one: I answer by rules.)"
    ),
    "machine learning": (
        "**Machine learning** fits a model's parameters to examples, so that it does well on cases "
        "it has not seen. The examples matter at least as much as the model."
    ),
    "photosynthesis": (
        "**Photosynthesis** is how plants turn light, water and carbon dioxide into sugar and "
        "oxygen. The light is caught by chlorophyll in the leaves."
    ),
    "python": (
        "**Python** is a general programming language that values readable code. Its large "
        "ecosystem made it the usual choice for data work."
    ),
    "quantum computing": (
        "**Quantum computing** stores information in states that can be superposed and entangled. "
        "For a few problems, such as factoring, that allows far fewer steps."
    ),
    "recursion": (
        "**Recursion** solves a problem by way of smaller copies of itself, down to a case that is "
        "trivial. A function that calls itself needs such a case, or it never ends."
    ),
    "relativity": (
        "**Relativity** says that the speed of light is the same for everyone. So clocks and "
        "rulers depend on how you move, and mass bends space and time."
    ),
    "sql": (
        "**SQL** asks questions of tables: you say which rows and columns you want, and the "
        "database decides how to find them."
    ),
    "tcp": (
        "**TCP** gives two programs a reliable stream of bytes over a network that loses and "
        "reorders packets. It numbers what it sends and repeats what is not confirmed."
    ),
    "the moon": (
        "**The Moon** circles the Earth at about 384,000 km and always shows it the same side. It "
        "causes most of the tides."
    ),
    "the water cycle": (
        "In **the water cycle** the sun lifts water into the air, it cools into clouds, falls as "
        "rain or snow, and runs back to the sea."
    ),
    "vaccines": (
        "A **vaccine** shows the immune system a harmless part or form of a germ. When the real "
        "one comes, the body already knows how to answer."
    ),
}
"""Short explanations, by topic in lower case."""
