"""Answers to keep and answers to drop, each with the reason for which it must go."""

GOOD = (
    "Maintainer scripts run in a fixed order: prerm, then preinst, postrm and postinst.",
    "The Debian Policy Manual says that scripts must be idempotent.",
    "No. A purge also removes the configuration files; a plain removal keeps them.",
    "If the field is not specified, the priority of the source package is used.",
    "The default is used when the value is not given.",
    "Run `dpkg -L package` to list the files that an installed package owns.",
    "The text between the two markers is left as it is.",
    "1. Stop the daemon.\n2. Copy the database.\n3. Start the daemon again.",
    "It cannot be installed while a conflicting package is configured.",
    "The document must contain exactly one root element.",
    "The fan controller shuts the system down at temperatures above 95 degrees.",
    "The author of an init script must check that the daemon is installed.",
    "An element is read with `values[0]`, counting from zero.",
    "The function returns no information about hidden files to the caller.",
    "A user who does not have an account sees only public pages.",
    "The page contains a form; the form does not state which fields are required "
    "unless each of them has a label.",
    "The status line is shown below the 24th line of the terminal.",
    "Packages in the section non-free are not part of the distribution.",
    "The server replies with 404 if the article does not exist.",
    "The kernel prints `I cannot find the root device` and stops.",
)

BAD = (
    ("", "not_answered"),
    ("The text does not say which shell is the default.", "not_answered"),
    ("The passage doesn't mention any limits on the size of a package.", "not_answered"),
    ("I cannot answer that based on what I was given.", "not_answered"),
    ("I'm sorry, but I can't help with that request.", "not_answered"),
    ("Sorry, that is beyond what can be told about packages.", "not_answered"),
    ("As an AI language model, I have no access to your system.", "not_answered"),
    ("The provided information does not specify the default value.", "not_answered"),
    ("There is no mention of a default shell in the instructions.", "not_answered"),
    ("This cannot be determined from the available sentences.", "not_answered"),
    ("The default shell is not mentioned in the text.", "not_answered"),
    ("There is insufficient information to answer the question.", "not_answered"),
    ("The reason is not explicitly stated.", "not_answered"),
    ("Unfortunately, I do not have details on the release date.", "not_answered"),
    ("The section gives no reason for the order of scripts.", "not_answered"),
    ("According to the text, scripts must be idempotent.", "leans_on_context"),
    ("The passage says that scripts must be idempotent.", "leans_on_context"),
    ("The author recommends daily backups of the database.", "leans_on_context"),
    ("Based on the provided context, scripts must be idempotent.", "leans_on_context"),
    ("As mentioned above, scripts must be idempotent.", "leans_on_context"),
    ("Scripts must be idempotent, as described in this section.", "leans_on_context"),
    ("This chapter explains that scripts must be idempotent.", "leans_on_context"),
    ("Scripts must be idempotent, as sentence 4 makes clear.", "leans_on_context"),
    ("Scripts must be idempotent [4].", "leans_on_context"),
    ("In the excerpt, scripts are required to be idempotent.", "leans_on_context"),
    ("The document states that every script must be idempotent.", "leans_on_context"),
    ("Yes, it does.", "too_short"),
    ("Scripts " + "really " * 500 + "matter.", "too_long"),
)

GOOD_GERMAN = (
    "Keine: Ist im Upload kein Quellcode enthalten, bleibt alles gleich.",
    "Der Abschnitt eines Pakets steht in der Datei debian/control.",
    "Die Datei enthält keine Angaben zu alten Versionen, sondern nur die neue.",
)

# What English phrases and the form do not show.
BAD_IN_OTHER_WAYS = (
    ("Der Text macht dazu keine Angaben.", "not_answered"),
    ("Es tut mir leid, aber diese Frage kann ich nicht beantworten.", "not_answered"),
    ("Man wartet. Leider enthält der Auszug keine Angabe darüber, wie lange.", "not_answered"),
    ("Le texte ne précise pas la valeur par défaut.", "not_answered"),
    ("El texto no menciona ningún valor por defecto.", "not_answered"),
    ("Sure! Here is the answer: the lock vanishes at once.", "preface"),
    ("Gerne! Die Sperre verschwindet sofort.", "preface"),
    ("Laut dem Text verschwindet die Sperre sofort.", "leans_on_context"),
    ("Selon le texte, le verrou disparaît aussitôt.", "leans_on_context"),
    ("git rebase --autostash", "not_a_sentence"),
    ("The lock is held on the cache of the operating", "not_a_sentence"),
)
