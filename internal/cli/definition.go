package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/daruma-sh/daruma/internal/definition"
)

// loadDefinition reads the definition in file, or in daruma.yaml of the current folder where file is "". It prints every
// problem to std.Err; the error then ends daruma with [ExitUsage] and says nothing more.
func loadDefinition(std IO, file string) (*definition.Service, error) {
	svc, err := readDefinition(file, os.LookupEnv)
	if err == nil {
		return svc, nil
	}
	fmt.Fprintln(std.Err, err)
	return nil, &exitError{code: ExitUsage, err: err, silent: true}
}

// readDefinition is loadDefinition without the printing; the error is of type [definition.Errors].
func readDefinition(file string, env func(string) (string, bool)) (*definition.Service, error) {
	if file != "" {
		return definition.Load(file, env)
	}
	if _, err := os.Stat(definition.DefaultFile); errors.Is(err, fs.ErrNotExist) {
		return nil, definition.Errors{{
			File: definition.DefaultFile,
			Msg:  "there is no such file in this folder: name the definition as an argument, or go where it is",
		}}
	}
	return definition.Load(definition.DefaultFile, env)
}
