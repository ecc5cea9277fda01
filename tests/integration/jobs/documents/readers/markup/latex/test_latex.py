r"""LaTeX like that in public reports about pandoc, each with all of its text.

The reports: pandoc 1845 (commands that are dropped), 6039 and 9448 (arguments of environments that
become text), 7003 (LaTeX within code); and manuals with listings, siunitx, cleveref and beamer.
"""

import pytest

from tests.rows import each_row
from tests.unit.jobs.documents.readers.reading import read

ENVIRONMENTS = [
    (r"\begin{enumerate}[label=(\alph*)]\item A\item B\end{enumerate}", "a. A\nb. B"),
    (r"\begin{enumerate}[start=3]\item A\end{enumerate}", "3. A"),
    (r"\begin{enumerate}[(i)]\item A\end{enumerate}", "i. A"),
    (r"\begin{compactitem}\item r\item s\end{compactitem}", "- r\n- s"),
    (r"\begin{multicols}{2}In it.\end{multicols}", "In it."),
    (r"\begin{adjustbox}{width=5cm}In box.\end{adjustbox}", "In box."),
    (r"\begin{abstract}We fire clay.\end{abstract}Text.", "We fire clay.\n\nText."),
    (r"\begin{columns}\begin{column}{0.5\textwidth}Col.\end{column}\end{columns}", "Col."),
    (r"\begin{block}{Title}Body.\end{block}", "Title\n\nBody."),
    (r"\begin{tcolorbox}[colback=red!5, title={Mind it}]Hot.\end{tcolorbox}", "Mind it\n\nHot."),
    (r"\begin{wrapfigure}{r}{4cm}\caption{The pump.}\end{wrapfigure}Text.", "The pump.\n\nText."),
    ("\\begin{lstlisting}[caption={First}, language=C]\nx;\n\\end{lstlisting}", "First\n\nx;"),
    (
        "\\begin{verbatim}\n\\begin{multicols}{2}\\dag\n\\end{verbatim}",
        "\\begin{multicols}{2}\\dag",
    ),
    (
        r"\begin{algorithm}\caption{Start}\begin{algorithmic}\State $x=1$\If{$x$}\State go\EndIf"
        r"\end{algorithmic}\end{algorithm}",
        "Start\n\nx=1\n\nif x then\n\ngo\n\nend if",
    ),
]
TABLES = [
    (r"\begin{tabu} to 5cm {ll}a&b\\1&2\end{tabu}", "a | b\n1 | 2"),
    (r"\begin{tabulary}{5cm}{LL}a&b\\1&2\end{tabulary}", "a | b\n1 | 2"),
    (r"\begin{tblr}{colspec={ll},hlines}a&b\\1&2\end{tblr}", "a | b\n1 | 2"),
    (r"\resizebox{5cm}{!}{\begin{tabular}{ll}a&b\\1&2\end{tabular}}", "a | b\n1 | 2"),
    (
        "\\begin{tabular}{ll}A&B\\\\\\cmidrule(lr){1-2}1&2\\end{tabular}",
        "A | B\n1 | 2",
    ),
]
COLUMNS = [
    (
        r"\begin{tabular}{l@{\hspace{1cm}}l!{\vrule}>{$}c<{$}}a&b&c\\1&2&3\end{tabular}",
        "a | b | c\n1 | 2 | 3",
    ),
    (
        r"\begin{tabular}{*{2}{c}|S[table-format=2.1]D{.}{.}{2}}a&b&c&d\\1&2&3&4\end{tabular}",
        "a | b | c | d\n1 | 2 | 3 | 4",
    ),
    (
        r"\begin{tabularx}{5cm}{@{}>{\raggedright\hsize=.5\hsize}X>{\bf}X@{}}a&b\\1&2\end{tabularx}",
        "a | b\n1 | 2",
    ),
    (
        r"\begin{tabular*}{5cm}[t]{@{\extracolsep{\fill}}ll}a&b\\*[2pt]\cline{1-2}1&2\end{tabular*}",
        "a | b\n1 | 2",
    ),
    (r"\begin{table*}\caption{C}\begin{tabular}{l}a\\b\end{tabular}\end{table*}", "C\n\na\nb"),
    (r"\begin{tabbing}xx \= xx\kill a \> b\\c \> d\end{tabbing}", "a b\nc d"),
]
LONG_TABLES = [
    (
        "\\begin{longtable}{@{}l>{\\raggedright}p{3cm}@{}}\n\\caption{Sizes}\\\\\nA&B\\\\\n\\endfirsthead\n"
        "\\multicolumn{2}{c}{continued}\\\\\nA&B\\\\\n\\endhead\nfoot&x\\\\\n\\endfoot\nsum&y\\\\\n"
        "\\endlastfoot\n1&2\\\\\n3&4\\\\\n\\end{longtable}",
        "Sizes\n\nA | B\n1 | 2\n3 | 4\nsum | y",
    ),
    (
        "\\begin{xltabular}{5cm}{lX}\nA&B\\\\\n\\endhead\n1&2\\\\\n\\end{xltabular}",
        "A | B\n1 | 2",
    ),
    (
        r"\begin{tabular}{ll}A&\makecell[l]{b\\c \textbf{d}}\\1&\shortstack{2\\3}\end{tabular}",
        "A | b c d\n1 | 2 3",
    ),
    ("\\begin{lstlisting}\n\\makecell{a\\\\b}\n\\end{lstlisting}", "\\makecell{a\\\\b}"),
]
CODE = [
    (
        r"\verb|\makecell{a\\b}|, \verb+\ding{51}+, \verb!\ac{gpu}!.",
        r"\makecell{a\\b}, \ding{51}, \ac{gpu}.",
    ),
    (r"\lstinline|\nameref{x}|, \lstinline[language=C]{\dag}.", r"\nameref{x}, \dag."),
    ("\\begin{alltt}\nx  \\textit{y}\n  z\\{\n\\end{alltt}", "x  y\n  z{"),
    ("\\begin{verbatim*}\na  b\n\\end{verbatim*}", "a  b"),
    ("\\begin{python}\ndef f():\n    x_1 % a\n\\end{python}", "def f():\n    x_1 % a"),
    ("\\begin{show}[numbers=left]\na_1 %\n  b\n\\end{show}", "a_1 %\n  b"),
    ("\\begin{ccode}\nint *a; % b\n\\end{ccode}", "int *a; % b"),
    ("\\begin{tcblisting}{}\na_b %c\n\\end{tcblisting}", "a_b %c"),
    (r"Use \py|a_1 % b| and !c_1! so!", "Use a_1 % b and c_1 so!"),
    (r"\[\unknown{x}_1\]", r"\unknown{x}_1"),
]
WORDS = [
    (
        r"Costs 5\texteuro{} at 20\textcelsius{} (a\textunderscore b), \dag.",
        "Costs 5€ at 20°C (a_b), †.",
    ),
    (
        r"\href[pdfnewwindow]{http://x.example}{The site} is \opt{a}, \api{f} or \api[g]{h}.",
        "The site is -a, f(x) or h(g).",
    ),
    (r"\begin{alignat*}{2}a&=b\end{alignat*}", "a&=b"),
    ("\\begin{filecontents}{x.bib}\n@book{k}\n\\end{filecontents}\nText.", "Text."),
    (r"\IEEEPARstart{T}{he} pump, \lettrine[lines=2]{A}{nd} on.", "The pump, And on."),
    (r"\makebox[1cm][l]{In} a \framebox[2cm]{box}, \makebox{so}.", "In a box, so."),
    (r"\begin{CCSXML}<x>\end{CCSXML}Text.", "Text."),
    (r"Yes \ding{51}, \checkmark{} or \texttrademark.", "Yes ✓, ✓ or ™."),
    (r"\scalebox{0.5}{In scale.} \fbox{In f.}", "In scale. In f."),
    (r"As \ce{H2O} is, \keys{\ctrl+C} too.", "As H2O is, Ctrl+C too."),
    (r"A \ac{gpu}, \acp{gpu}, \acl{gpu} and \gls{tea}.", "A GPU, GPUs, Graphics Unit and Tea."),
    (r"See \citep[p.~3]{lam} and \textcite{a,b}.", "See [lam] and [a, b]."),
    (r"In \nameref{sec:a} and Figure~\ref{fig:elsewhere}.", "In Start and Figure."),
    (r"By \cref{sec:a} and \autoref{eq:z} or \eqref{eq:z}.", "By Section 1 and Equation 1 or (1)."),
    (r"\begin{equation}x=1\label{eq:z}\end{equation}", "x=1 (1)"),
    (r"So \[ b = c \] holds.", "So\nb = c\nholds."),
    (r"It was made \today.", "It was made ."),
]
HEAD = (
    "\\lstnewenvironment{python}{\\lstset{language=Python}}{}\n"
    "\\DefineVerbatimEnvironment{show}{Verbatim}{fontsize=\\small}\n\\newminted{c}{linenos}\n"
    "\\NewDocumentCommand{\\opt}{m}{-#1}\\NewDocumentCommand\\api{O{x} m}{#2(#1)}\n"
    "\\newmintinline[py]{python}{}\n\\MakeShortVerb{\\!}\n"
    "\\newacronym{gpu}{GPU}{Graphics Unit}\n"
    "\\newglossaryentry{tea}{name=Tea,description={x}}\n\\begin{document}\n"
)
MARK = "\n\nNext.\n\n"


def test_what_packages_of_latex_add_is_read() -> None:
    pytest.importorskip("pypandoc")
    rows = [*ENVIRONMENTS, *TABLES, *COLUMNS, *LONG_TABLES, *CODE, *WORDS]
    pages = MARK.join([source for source, _ in rows])
    end = "\\section{Start}\\label{sec:a}\n\\end{document}"

    found = read("latex", f"{HEAD}{pages}{MARK}{end}").text.split(MARK)

    assert found == [*(text for _, text in rows), "Start"]


@each_row(
    "body, text",
    [
        (
            r"\begin{align}a\label{p}\\b\nonumber\\c\label{q}\end{align}By \ref{p}, \ref{q}.",
            "By 1, 2.",
        ),
        (
            r"\begin{equation}\begin{split}a\\b\end{split}\label{p}\end{equation}By \ref{p}.",
            "By 1.",
        ),
        (r"\begin{equation}\label{p}x=1\end{equation}By \eqref{p}.", "x=1 (1)\nBy (1)."),
        (r"\begin{equation}x\label{p}\end{equation}By \ref{p}.", "x (1)\nBy 1."),
        (r"Text\footnotemark{}.\footnotetext{A note.}", "Text.[1]\n\n[1] A note."),
    ],
)
def test_numbers_are_those_of_print(body: str, text: str) -> None:
    pytest.importorskip("pypandoc")

    assert read("latex", f"\\begin{{document}}{body}\\end{{document}}").text.endswith(text)


@each_row(
    "frame, text",
    [
        (r"{T}One.\only<2>{Two.} \uncover<3->{Three.}\end{frame}", "T\n\nOne.Two. Three."),
        (r"<1->[fragile]{T}\textbf<2>{One.} \onslide<2->Two.\end{frame}", "T\n\nOne. Two."),
        (
            r"{T}\begin{itemize}\item<1->One.\item<2> Two.\end{itemize}\end{frame}",
            "T\n\n- One.\n- Two.",
        ),
        (r"{T}\alt<2>{One.}{Two.}\end{frame}", "T\n\nOne. Two."),
        (r"{T}\column{.5\textwidth}One.\column[t]{5cm}Two.\end{frame}", "T\n\nOne.\n\nTwo."),
    ],
)
def test_steps_of_a_slide_are_shown_at_once(frame: str, text: str) -> None:
    pytest.importorskip("pypandoc")

    page = f"\\documentclass{{beamer}}\\begin{{document}}\\begin{{frame}}{frame}\\end{{document}}"

    assert read("latex", page).text == text


def test_signs_for_private_use_stay_beside_code_of_latex() -> None:
    pytest.importorskip("pypandoc")
    page = "\\begin{document}\ue000 a\ue0010\ue001.\n\\begin{verbatim}\n\ue000 x\n\\end{verbatim}"

    text = read("latex", page + "\\end{document}").text

    assert text == "\ue000 a\ue0010\ue001.\n\n\ue000 x"


def test_a_list_of_sources_has_a_heading_and_their_keys() -> None:
    pytest.importorskip("pypandoc")
    sources = "\\bibitem[Lam94]{lam} L. Lamport. \\newblock \\emph{LaTeX}. 1994.\\bibitem{k} Knuth."
    page = (
        f"As \\cite{{lam}} says.\\begin{{thebibliography}}{{99}}{sources}\\end{{thebibliography}}"
    )

    text = read("latex", f"\\begin{{document}}{page}\\end{{document}}").text

    assert text == "As [lam] says.\n\nReferences\n\n[lam] L. Lamport. LaTeX. 1994.\n\n[k] Knuth."
