"""The little the simulator knows: books, places, and short explanations."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Book:
    """A real, well-known book."""

    title: str
    author: str
    year: int
    genre: str
    pages: int
    about: str
    """What happens in it: a clause without a full stop."""
    why: str
    """A sentence that recommends it."""


BOOKS: tuple[Book, ...] = (
    Book(
        "The Name of the Wind",
        "Patrick Rothfuss",
        2007,
        "fantasy",
        662,
        "an innkeeper tells the true story of how he became a legend",
        "It is a slow, musical book, and its magic follows rules you can reason about.",
    ),
    Book(
        "A Wizard of Earthsea",
        "Ursula K. Le Guin",
        1968,
        "fantasy",
        205,
        "a gifted boy sets a shadow free and has to learn its name",
        "It is short, quiet and wise, and half of modern fantasy descends from it.",
    ),
    Book(
        "The Hobbit",
        "J. R. R. Tolkien",
        1937,
        "fantasy",
        310,
        "a homely hobbit is hired as the burglar of thirteen dwarves",
        "It is the friendliest way into Middle-earth, at any age.",
    ),
    Book(
        "Murder on the Orient Express",
        "Agatha Christie",
        1934,
        "mystery",
        256,
        "a train is stopped by snow and every passenger has an alibi",
        "The solution is famous for a reason; try not to look it up.",
    ),
    Book(
        "The Hound of the Baskervilles",
        "Arthur Conan Doyle",
        1902,
        "mystery",
        256,
        "Sherlock Holmes looks for the man behind a curse on the moor",
        "It is Holmes at his most atmospheric, and it reads in an evening or two.",
    ),
    Book(
        "Pride and Prejudice",
        "Jane Austen",
        1813,
        "romance",
        432,
        "Elizabeth Bennet and Mr Darcy misjudge each other at length",
        "Two centuries on, it is still one of the funniest love stories there is.",
    ),
    Book(
        "Jane Eyre",
        "Charlotte Brontë",
        1847,
        "romance",
        532,
        "a governess falls in love in a house that keeps a secret",
        "Its narrator will not give up her own mind for anyone, and that carries the book.",
    ),
    Book(
        "Dune",
        "Frank Herbert",
        1965,
        "science fiction",
        412,
        "a noble family takes over a desert planet and is betrayed there",
        "Politics, ecology and prophecy have never been knotted together as well.",
    ),
    Book(
        "The Left Hand of Darkness",
        "Ursula K. Le Guin",
        1969,
        "science fiction",
        286,
        "an envoy crosses a frozen world whose people have no fixed sex",
        "It asks a large question and answers it with a friendship.",
    ),
    Book(
        "The Guns of August",
        "Barbara W. Tuchman",
        1962,
        "history",
        511,
        "the first month of the First World War goes wrong day by day",
        "It reads like a novel whose characters do not know the ending.",
    ),
    Book(
        "SPQR",
        "Mary Beard",
        2015,
        "history",
        608,
        "Rome grows from a village to an empire, and argues about what it is",
        "It keeps showing how we know what we know, which is half of the pleasure.",
    ),
    Book(
        "Dracula",
        "Bram Stoker",
        1897,
        "horror",
        418,
        "letters and diaries close in on a count from Transylvania",
        "The opening journey to the castle has lost none of its chill.",
    ),
    Book(
        "Frankenstein",
        "Mary Shelley",
        1818,
        "horror",
        280,
        "a student makes a living being and runs away from it",
        "It is sadder and stranger than any film of it.",
    ),
    Book(
        "The Day of the Jackal",
        "Frederick Forsyth",
        1971,
        "thriller",
        358,
        "a hired killer without a name prepares to shoot the president of France",
        "You know that he must fail, and you turn the pages all the same.",
    ),
    Book(
        "Long Walk to Freedom",
        "Nelson Mandela",
        1994,
        "biography",
        630,
        "a herd boy becomes a lawyer, a prisoner and a president",
        "It is candid about doubt, which makes its courage convincing.",
    ),
    Book(
        "Sophie's World",
        "Jostein Gaarder",
        1991,
        "philosophy",
        518,
        "a girl gets letters that teach her the history of philosophy",
        "It is the rare introduction that is also a good story.",
    ),
    Book(
        "Cosmos",
        "Carl Sagan",
        1980,
        "science",
        396,
        "a tour of the universe is also a history of how we found it out",
        "Few books make so much knowledge feel like good company.",
    ),
    Book(
        "The Little Prince",
        "Antoine de Saint-Exupéry",
        1943,
        "children",
        96,
        "a pilot in the desert meets a small visitor from an asteroid",
        "Children like the drawings, adults the fox, and both are right.",
    ),
    Book(
        "Treasure Island",
        "Robert Louis Stevenson",
        1883,
        "adventure",
        292,
        "a boy finds a map and sails with a crew of pirates",
        "Everything you think you know about pirates comes from here.",
    ),
    Book(
        "Nineteen Eighty-Four",
        "George Orwell",
        1949,
        "dystopia",
        328,
        "a clerk who rewrites the news begins a diary of his own",
        "It gave the language half a dozen words that we still need.",
    ),
    Book(
        "Leaves of Grass",
        "Walt Whitman",
        1855,
        "poetry",
        624,
        "one voice tries to contain a whole country",
        "Open it anywhere and read aloud.",
    ),
    Book(
        "Three Men in a Boat",
        "Jerome K. Jerome",
        1889,
        "humour",
        185,
        "three friends and a dog row up the Thames for their health",
        "Nothing happens, and it is very funny.",
    ),
    Book(
        "The Pragmatic Programmer",
        "Andrew Hunt and David Thomas",
        1999,
        "programming",
        352,
        "two programmers write down what they wish they had known",
        "Its advice is small, concrete and easy to try the same day.",
    ),
)

GENRE_WORDS: dict[str, str] = {
    "sci-fi": "science fiction",
    "scifi": "science fiction",
    "sf": "science fiction",
    "science-fiction": "science fiction",
    "crime": "mystery",
    "detective": "mystery",
    "whodunit": "mystery",
    "historical": "history",
    "love story": "romance",
    "romantic": "romance",
    "scary": "horror",
    "spy": "thriller",
    "suspense": "thriller",
    "memoir": "biography",
    "autobiography": "biography",
    "kids": "children",
    "dystopian": "dystopia",
    "poems": "poetry",
    "funny": "humour",
    "humor": "humour",
    "comedy": "humour",
    "coding": "programming",
    "software": "programming",
    "popular science": "science",
    "pirate": "adventure",
} | {book.genre: book.genre for book in BOOKS}
"""Words that name a genre, and the genre they mean."""

CAPITALS: dict[str, str] = {
    "Argentina": "Buenos Aires",
    "Australia": "Canberra",
    "Austria": "Vienna",
    "Belgium": "Brussels",
    "Brazil": "Brasília",
    "Canada": "Ottawa",
    "Chile": "Santiago",
    "China": "Beijing",
    "Colombia": "Bogotá",
    "Croatia": "Zagreb",
    "Cuba": "Havana",
    "Czechia": "Prague",
    "Denmark": "Copenhagen",
    "Egypt": "Cairo",
    "England": "London",
    "Estonia": "Tallinn",
    "Ethiopia": "Addis Ababa",
    "Finland": "Helsinki",
    "France": "Paris",
    "Germany": "Berlin",
    "Ghana": "Accra",
    "Greece": "Athens",
    "Hungary": "Budapest",
    "Iceland": "Reykjavík",
    "India": "New Delhi",
    "Indonesia": "Jakarta",
    "Iran": "Tehran",
    "Ireland": "Dublin",
    "Israel": "Jerusalem",
    "Italy": "Rome",
    "Japan": "Tokyo",
    "Kenya": "Nairobi",
    "Latvia": "Riga",
    "Lithuania": "Vilnius",
    "Malaysia": "Kuala Lumpur",
    "Mexico": "Mexico City",
    "Morocco": "Rabat",
    "Nepal": "Kathmandu",
    "Netherlands": "Amsterdam",
    "New Zealand": "Wellington",
    "Nigeria": "Abuja",
    "Norway": "Oslo",
    "Pakistan": "Islamabad",
    "Peru": "Lima",
    "Philippines": "Manila",
    "Poland": "Warsaw",
    "Portugal": "Lisbon",
    "Romania": "Bucharest",
    "Russia": "Moscow",
    "Saudi Arabia": "Riyadh",
    "Scotland": "Edinburgh",
    "Serbia": "Belgrade",
    "Singapore": "Singapore",
    "Slovakia": "Bratislava",
    "Slovenia": "Ljubljana",
    "South Africa": "Pretoria",
    "South Korea": "Seoul",
    "Spain": "Madrid",
    "Sweden": "Stockholm",
    "Switzerland": "Bern",
    "Thailand": "Bangkok",
    "Turkey": "Ankara",
    "Ukraine": "Kyiv",
    "United Kingdom": "London",
    "United States": "Washington, D.C.",
    "Uruguay": "Montevideo",
    "Vietnam": "Hanoi",
    "Wales": "Cardiff",
}

COUNTRY_NAMES: dict[str, str] = {
    "america": "United States",
    "britain": "United Kingdom",
    "czech republic": "Czechia",
    "great britain": "United Kingdom",
    "holland": "Netherlands",
    "the uk": "United Kingdom",
    "the us": "United States",
    "the usa": "United States",
    "uk": "United Kingdom",
    "usa": "United States",
} | {name.lower(): name for name in CAPITALS}
"""Names of countries in lower case, and the usual form."""

_OTHER_CITIES: dict[str, str] = {
    "Antwerp": "Belgium",
    "Atlanta": "United States",
    "Auckland": "New Zealand",
    "Austin": "United States",
    "Barcelona": "Spain",
    "Basel": "Switzerland",
    "Boston": "United States",
    "Brisbane": "Australia",
    "Cape Town": "South Africa",
    "Chicago": "United States",
    "Cologne": "Germany",
    "Dallas": "United States",
    "Delhi": "India",
    "Denver": "United States",
    "Detroit": "United States",
    "Dubai": "United Arab Emirates",
    "Florence": "Italy",
    "Frankfurt": "Germany",
    "Geneva": "Switzerland",
    "Gothenburg": "Sweden",
    "Hamburg": "Germany",
    "Hong Kong": "China",
    "Houston": "United States",
    "Istanbul": "Turkey",
    "Johannesburg": "South Africa",
    "Karachi": "Pakistan",
    "Kraków": "Poland",
    "Kyoto": "Japan",
    "Lagos": "Nigeria",
    "Las Vegas": "United States",
    "Lausanne": "Switzerland",
    "Los Angeles": "United States",
    "Lyon": "France",
    "Manchester": "United Kingdom",
    "Marseille": "France",
    "Melbourne": "Australia",
    "Miami": "United States",
    "Milan": "Italy",
    "Montreal": "Canada",
    "Mumbai": "India",
    "Munich": "Germany",
    "Naples": "Italy",
    "New York": "United States",
    "New York City": "United States",
    "Osaka": "Japan",
    "Oxford": "United Kingdom",
    "Perth": "Australia",
    "Philadelphia": "United States",
    "Portland": "United States",
    "Porto": "Portugal",
    "Quito": "Ecuador",
    "Rio de Janeiro": "Brazil",
    "San Diego": "United States",
    "San Francisco": "United States",
    "São Paulo": "Brazil",
    "Seattle": "United States",
    "Shanghai": "China",
    "Sydney": "Australia",
    "Taipei": "Taiwan",
    "Toronto": "Canada",
    "Turin": "Italy",
    "Vancouver": "Canada",
    "Venice": "Italy",
    "Washington": "United States",
    "Zurich": "Switzerland",
    "Zürich": "Switzerland",
}

CITY_COUNTRIES: dict[str, str] = (
    {city: country for country, city in CAPITALS.items()}
    | {"London": "United Kingdom", "Reykjavik": "Iceland", "Bogota": "Colombia"}
    | _OTHER_CITIES
)
"""Well-known cities, and the country of each."""

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
