package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/daruma-sh/daruma/service/manager"
)

// password gets the account's password where the service manager needs one that it doesn't have: at a first installation and when
// the account changes. It goes to the service manager alone.
func (i *installation) password(plan manager.Changes) error {
	given := i.flags.passwordFile != "" || i.flags.passwordEnv != ""
	if !manager.NeedsPassword(i.def.Account) {
		if given {
			return &exitError{code: ExitUsage, err: fmt.Errorf("account %s has no password that the service manager wants", i.def.Account)}
		}
		return nil
	}
	other := slices.ContainsFunc(plan.Changed, func(c manager.Change) bool { return c.Setting == "SERVICE_START_NAME" })
	if i.flags.dryRun || !given && !plan.Created && !other {
		return nil
	}
	word, err := i.askPassword()
	if err != nil {
		return &exitError{code: ExitUsage, err: fmt.Errorf("the password of %s: %w", i.def.Account, err)}
	}
	i.spec.Password = manager.Password(word)
	return nil
}

func (i *installation) askPassword() (string, error) {
	switch {
	case i.flags.passwordFile != "" && i.flags.passwordEnv != "":
		return "", errors.New("give --password-file or --password-env, not both")
	case i.flags.passwordEnv != "":
		word, ok := os.LookupEnv(i.flags.passwordEnv)
		if !ok || word == "" {
			return "", fmt.Errorf("the environment variable %s isn't set", i.flags.passwordEnv)
		}
		return word, nil
	case i.flags.passwordFile != "":
		file, err := os.Open(i.flags.passwordFile)
		if err != nil {
			return "", err
		}
		defer file.Close()
		return firstLine(file)
	}
	in, ok := i.std.In.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to ask at: give --password-file or --password-env")
	}
	restore, err := noEcho(in)
	if err != nil {
		return "", errors.New("there is no terminal to ask at: give --password-file or --password-env")
	}
	defer restore()
	fmt.Fprintf(i.std.Err, "Password of %s: ", i.def.Account)
	defer fmt.Fprintln(i.std.Err)
	return firstLine(in)
}

// firstLine takes a line without its end; a password may have blanks at its ends.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	line = strings.TrimPrefix(line, "\ufeff") // Notepad's mark of UTF-8
	if line == "" {
		return "", errors.New("it is empty")
	}
	return line, nil
}
