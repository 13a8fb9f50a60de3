"""Text on which the small tokenizer learns its merges: MMEB's instructions, captions, labels, many scripts."""

INSTRUCTIONS = [
    "Represent the given image.",
    "Represent the given image",
    "Represent the given image for classification",
    "Represent the given news image with the following caption for domain classification: ",
    "Represent the given image for binary classification to determine whether it constitutes hateful speech or not",
    "Identify the object shown in the image",
    "Identify the scene shown in the image",
    "Identify the country depicted in the image",
    "Represent the given image with the following question: ",
    "Represent the given dialogue about an image, which is used for image retrieval: ",
    "Given an image, find a similar everyday image with the described changes: ",
    "Retrieve an image of this news caption. ",
    "Find a caption for the news in the given photo.",
    "Find me an everyday image that matches the given caption: ",
    "Find an image caption describing the given everyday image.",
    "Find a day-to-day image that looks similar to the provided image.",
    "Find a Wikipedia image that answers this question: ",
    "Represent the given Wikipedia image with related text information: ",
    "Find an image to match the fashion image and style note: ",
    "Find the document image that can answer the given query: ",
    "Retrieve a Wikipedia image-description pair that provides evidence for the question of this image: ",
    "Find a news image that matches the provided caption: ",
    "Crop the image to to isolate the object labeled as \"dog\"",
    "Represent the given cropped image of the object",
    "Select the portion of the image that follows the language expressions. ",
    "Select the portion of the image that answers the question ",
    "Find a document image that matches the given query: ",
    "Understand the content of the provided document image.",
]

CAPTIONS = [
    "A cat and a dog", "A cat and a tiger", "A white cat and a brown dog lying in the grass",
    "Two people riding bicycles along the river at sunset", "A cup of coffee on a wooden table with a spoon",
    "A rocket standing on the launch pad under a blue sky", "An astronaut in an orange suit is smiling",
    "A red double-decker bus is driving down the street", "A bowl of fruit: apples, oranges, bananas",
    "The boy isn't playing; he's reading a book, and they're waiting", "I'm sure we'll see what they've done, I'd say",
    "Three birds sitting on a wire in front of a house", "A man with a hat holds an umbrella in the rain",
    "What is in the image", "What color is the car?", "How many people are there?", "Where was this photo taken?",
    "bell_pepper", "golden retriever", "hot_dog", "school bus", "Yes", "No", "United States of America", "kitchen",
    "In 2019, 3 of 10 people (30%) said \"yes\".", "Price: $12.50; was £20, now €9.99!", "e-mail: someone@example.com",
]

OTHERS = [
    "Der Hund läuft über die grüne Wiese, während die Katze schläft.", "Où est la bibliothèque? C'est très près d'ici.",
    "El niño comió una manzana mañana por la mañana.", "Кошка и собака лежат на траве рядом с домом.",
    "猫と犬が草の上で寝ている。", "一只猫和一只狗在草地上。照片里有什么？", "고양이와 개가 잔디 위에 있다.",
    "قطة وكلب على العشب", "חתול וכלב על הדשא", "बिल्ली और कुत्ता घास पर हैं", "Γάτα και σκύλος στο γρασίδι",
    "function add(a, b) { return a + b; }\n\nfor (let i = 0; i < 10; i++) {\n    console.log(i);\n}\n",
    "😀 😂 🎉 👍🏽 ❤️", "…—–“quoted”‘text’", "tabs\tand\nnew\r\nlines\n\n\n",
]


def texts() -> list[str]:
    instructions = ["\n" + text + "\n" for text in INSTRUCTIONS]
    return instructions + CAPTIONS * 2 + [text.lower() for text in CAPTIONS] + OTHERS
