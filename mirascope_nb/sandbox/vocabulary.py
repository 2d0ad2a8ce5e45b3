"""Words the simulator works with: lists to draw from, feelings, and a pocket dictionary."""


def word_list(text: str) -> list[str]:
    """The words of a text, so that a table of words can be written as one."""
    return text.split()


def word_set(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


LISTS: dict[str, tuple[str, ...]] = {
    "animals": (
        "elephant", "octopus", "red fox", "barn owl", "honey bee", "blue whale", "hedgehog",
        "snow leopard", "otter", "giraffe", "penguin", "tortoise",
    ),
    "birds": ("robin", "kingfisher", "barn owl", "swift", "heron", "wren", "puffin", "magpie"),
    "cities": (
        "Tokyo", "Paris", "Nairobi", "Lima", "Toronto", "Mumbai", "Oslo", "Sydney", "Cairo",
        "Lisbon",
    ),
    "colours": (
        "red", "blue", "green", "yellow", "orange", "purple", "turquoise", "brown", "pink", "grey",
    ),
    "continents": (
        "Africa", "Antarctica", "Asia", "Australia", "Europe", "North America", "South America",
    ),
    "countries": (
        "Japan", "Brazil", "Kenya", "Norway", "India", "Canada", "Portugal", "Vietnam", "Peru",
        "New Zealand",
    ),
    "days": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "elements": ("hydrogen", "helium", "carbon", "nitrogen", "oxygen", "iron", "copper", "gold"),
    "flowers": ("rose", "tulip", "daisy", "lavender", "iris", "peony", "sunflower", "poppy"),
    "fruits": (
        "apple", "banana", "cherry", "mango", "orange", "pear", "grape", "kiwi", "plum", "papaya",
        "fig", "peach",
    ),
    "instruments": ("piano", "violin", "flute", "cello", "guitar", "trumpet", "harp", "drums"),
    "languages": (
        "Mandarin", "Spanish", "English", "Hindi", "Arabic", "Portuguese", "Bengali", "French",
        "Swahili", "Japanese",
    ),
    "months": (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    ),
    "names": (
        "Ada", "Grace", "Linus", "Maya", "Noor", "Oscar", "Iris", "Tomás", "Yuki", "Zola",
    ),
    "planets": (
        "Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune",
    ),
    "primes": ("2", "3", "5", "7", "11", "13", "17", "19", "23", "29", "31", "37"),
    "programming languages": (
        "Python", "Rust", "Go", "TypeScript", "C", "Java", "Haskell", "Julia", "Elixir", "Lua",
    ),
    "seasons": ("spring", "summer", "autumn", "winter"),
    "sports": (
        "football", "tennis", "swimming", "basketball", "cycling", "judo", "rowing", "climbing",
    ),
    "states": (
        "Alabama", "Alaska", "Arizona", "Arkansas", "California", "Colorado", "Connecticut",
        "Delaware", "Florida", "Georgia", "Hawaii", "Idaho", "Illinois", "Indiana", "Iowa",
        "Kansas", "Kentucky", "Louisiana", "Maine", "Maryland", "Massachusetts", "Michigan",
        "Minnesota", "Mississippi", "Missouri", "Montana", "Nebraska", "Nevada", "New Hampshire",
        "New Jersey", "New Mexico", "New York", "North Carolina", "North Dakota", "Ohio",
        "Oklahoma", "Oregon", "Pennsylvania", "Rhode Island", "South Carolina", "South Dakota",
        "Tennessee", "Texas", "Utah", "Vermont", "Virginia", "Washington", "West Virginia",
        "Wisconsin", "Wyoming",
    ),
    "trees": ("oak", "beech", "birch", "maple", "pine", "willow", "cedar", "chestnut"),
    "vegetables": (
        "carrot", "spinach", "tomato", "leek", "broccoli", "pumpkin", "radish", "fennel", "pea",
        "beetroot",
    ),
}  # fmt: skip
"""What there is to list, by plural noun."""

LIST_WORDS: dict[str, str] = {
    "colors": "colours",
    "prime numbers": "primes",
    "us states": "states",
    "u.s. states": "states",
    "weekdays": "days",
    "days of the week": "days",
    "musical instruments": "instruments",
    "chemical elements": "elements",
}

POSITIVE = word_set(
    "amazing awesome beautiful best better bright brilliant calm charming clean comfortable cool "
    "delicious delight delighted delightful easy enjoy enjoyed excellent excited fantastic fast "
    "fine friendly fun glad good gorgeous grateful great happy helpful impressed impressive "
    "incredible kind like liked love loved lovely magnificent nice outstanding perfect perfectly "
    "pleasant pleased polite quick recommend recommended reliable satisfied smooth solid superb "
    "terrific thank thanks thrilled well wonderful worth wow yummy"
)
NEGATIVE = word_set(
    "annoyed annoying angry awful bad boring broke broken bug buggy cold complain complaint "
    "confusing crash crashed crashes cracked damaged defective dirty disappointed disappointing "
    "disgusting dreadful dull expensive fail failed fails faulty frustrated frustrating garbage "
    "hate hated horrible late lousy mediocre mess missing never noisy overpriced pain painful "
    "poor problem refund regret return returned rude sad scam slow stale sucks terrible trash "
    "ugly unacceptable unfortunately unhappy unhelpful unreliable useless waste wasted weak worse "
    "worst wrong"
)
NEGATIONS = word_set("no not never n't hardly barely without isn't wasn't don't didn't won't can't")

LANGUAGES = ("french", "spanish", "german", "italian", "portuguese")
OTHER_LANGUAGES = (
    "arabic", "chinese", "czech", "danish", "dutch", "english", "finnish", "greek", "hebrew",
    "hindi", "japanese", "korean", "latin", "mandarin", "norwegian", "polish", "romanian",
    "russian", "swahili", "swedish", "thai", "turkish", "ukrainian", "vietnamese",
)  # fmt: skip

DICTIONARY: dict[str, tuple[str, str, str, str, str]] = {
    "a": ("un", "un", "ein", "un", "um"),
    "and": ("et", "y", "und", "e", "e"),
    "apple": ("pomme", "manzana", "Apfel", "mela", "maçã"),
    "are": ("sont", "son", "sind", "sono", "são"),
    "beautiful": ("beau", "hermoso", "schön", "bello", "bonito"),
    "big": ("grand", "grande", "groß", "grande", "grande"),
    "black": ("noir", "negro", "schwarz", "nero", "preto"),
    "blue": ("bleu", "azul", "blau", "blu", "azul"),
    "book": ("livre", "libro", "Buch", "libro", "livro"),
    "bread": ("pain", "pan", "Brot", "pane", "pão"),
    "cat": ("chat", "gato", "Katze", "gatto", "gato"),
    "city": ("ville", "ciudad", "Stadt", "città", "cidade"),
    "cheese": ("fromage", "queso", "Käse", "formaggio", "queijo"),
    "coffee": ("café", "café", "Kaffee", "caffè", "café"),
    "day": ("jour", "día", "Tag", "giorno", "dia"),
    "dog": ("chien", "perro", "Hund", "cane", "cão"),
    "eat": ("manger", "comer", "essen", "mangiare", "comer"),  # codespell:ignore manger
    "evening": ("soir", "tarde", "Abend", "sera", "noite"),
    "friend": ("ami", "amigo", "Freund", "amico", "amigo"),
    "good": ("bon", "buen", "gut", "buon", "bom"),
    "good evening": ("bonsoir", "buenas tardes", "guten Abend", "buonasera", "boa noite"),
    "good morning": ("bonjour", "buenos días", "guten Morgen", "buongiorno", "bom dia"),
    "good night": ("bonne nuit", "buenas noches", "gute Nacht", "buonanotte", "boa noite"),
    "goodbye": ("au revoir", "adiós", "auf Wiedersehen", "arrivederci", "adeus"),
    "happy": ("heureux", "feliz", "glücklich", "felice", "feliz"),
    "hello": ("bonjour", "hola", "hallo", "ciao", "olá"),
    "house": ("maison", "casa", "Haus", "casa", "casa"),
    "how are you": (
        "comment allez-vous", "¿cómo estás", "wie geht es dir", "come stai",
        "como vai",  # codespell:ignore vai
    ),
    "i": ("je", "yo", "ich", "io", "eu"),
    "i love you": (
        "je t'aime", "te quiero", "ich liebe dich", "ti amo", "amo-te",  # codespell:ignore te
    ),
    "in": ("dans", "en", "in", "in", "em"),
    "is": ("est", "es", "ist", "è", "é"),  # codespell:ignore ist
    "like": ("aime", "gusta", "mag", "piace", "gosto"),
    "love": ("amour", "amor", "Liebe", "amore", "amor"),
    "milk": ("lait", "leche", "Milch", "latte", "leite"),
    "moon": ("lune", "luna", "Mond", "luna", "lua"),
    "morning": ("matin", "mañana", "Morgen", "mattina", "manhã"),
    "my": ("mon", "mi", "mein", "mio", "meu"),  # codespell:ignore meu
    "night": ("nuit", "noche", "Nacht", "notte", "noite"),
    "no": ("non", "no", "nein", "no", "não"),
    "please": ("s'il vous plaît", "por favor", "bitte", "per favore", "por favor"),
    "red": ("rouge", "rojo", "rot", "rosso", "vermelho"),  # codespell:ignore rouge
    "sea": ("mer", "mar", "Meer", "mare", "mar"),
    "see you tomorrow": ("à demain", "hasta mañana", "bis morgen", "a domani", "até amanhã"),
    "small": ("petit", "pequeño", "klein", "piccolo", "pequeno"),
    "sun": ("soleil", "sol", "Sonne", "sole", "sol"),
    "tea": ("thé", "té", "Tee", "tè", "chá"),
    "thank you": ("merci", "gracias", "danke", "grazie", "obrigado"),
    "thanks": ("merci", "gracias", "danke", "grazie", "obrigado"),
    "the": ("le", "el", "der", "il", "o"),
    "today": ("aujourd'hui", "hoy", "heute", "oggi", "hoje"),
    "tomorrow": ("demain", "mañana", "morgen", "domani", "amanhã"),
    "tree": ("arbre", "árbol", "Baum", "albero", "árvore"),
    "very": ("très", "muy", "sehr", "molto", "muito"),
    "water": ("eau", "agua", "Wasser", "acqua", "água"),
    "we": ("nous", "nosotros", "wir", "noi", "nós"),
    "welcome": ("bienvenue", "bienvenido", "willkommen", "benvenuto", "bem-vindo"),
    "white": ("blanc", "blanco", "weiß", "bianco", "branco"),
    "wine": ("vin", "vino", "Wein", "vino", "vinho"),
    "with": ("avec", "con", "mit", "con", "com"),
    "world": ("monde", "mundo", "Welt", "mondo", "mundo"),
    "yes": ("oui", "sí", "ja", "sì", "sim"),
    "you": ("vous", "tú", "du", "tu", "você"),
}  # fmt: skip
"""English words and set phrases, in the order of `LANGUAGES`."""

NUMBER_WORDS: dict[str, int] = {
    word: number
    for number, word in enumerate(
        word_list(
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
            "fifteen sixteen seventeen eighteen nineteen twenty"
        )
    )
}

COMMON = word_set(
    "a about after again all also an and any are as at be been before being but by can could did "
    "do does doing done each either every few for from get gets give go had has have having he "
    "her here him his how i if in into is it its just let like make many me more most much must "
    "my no not of off on one only or other our out over own please same she should so some such "
    "take tell than that the their them then there these they this those through to too two under "
    "up us use used using very want was we were what when where which while who whom whose why "
    "will with would you your now need needs which"
)
"""Words that say nothing about a topic."""
