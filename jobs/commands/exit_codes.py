"""What the exit code of a command says."""

EXIT_OK = 0
EXIT_INCOMPLETE = 1
EXIT_CONFIG = 2
EXIT_FATAL = 3
EXIT_DAMAGED = 4
EXIT_TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h
EXIT_SIGNAL = 128  # plus the signal's number
