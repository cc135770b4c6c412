package selfrestart

import (
	"os"
	"strconv"
)

const variable = "DARUMA_SELF_RESTART"

// Note notes that this process's service is to be started again when it has stopped.
func Note() { _ = os.Setenv(variable, own()) }

// Forget takes that back: the service couldn't be stopped.
func Forget() { _ = os.Unsetenv(variable) }

// Noted says whether it was noted.
func Noted() bool { return os.Getenv(variable) == own() }

func own() string { return strconv.Itoa(os.Getpid()) }
