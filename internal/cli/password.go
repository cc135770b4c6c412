package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/cli/screen"
	"github.com/daruma-sh/daruma/internal/install"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// passwordFlags say where the password of a service's account comes from, instead of the terminal.
type passwordFlags struct{ file, env string }

func (f *passwordFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.file, "password-file", "", "take the account's password from the first line of this file")
	cmd.Flags().StringVar(&f.env, "password-env", "", "take the account's password from this environment variable")
}

// source reads the password from where the flags say, else it asks at the terminal.
func (f passwordFlags) source(std IO) install.PasswordSource {
	return install.PasswordSource{
		Given: f.file != "" || f.env != "",
		Read:  func(account string) (string, error) { return f.read(std, account) },
	}
}

func (f passwordFlags) read(std IO, account string) (string, error) {
	switch {
	case f.file != "" && f.env != "":
		return "", errors.New("give --password-file or --password-env, not both")
	case f.env != "":
		password, ok := os.LookupEnv(f.env)
		if !ok || password == "" {
			return "", fmt.Errorf("the environment variable %s isn't set", f.env)
		}
		return password, nil
	case f.file != "":
		file, err := os.Open(f.file)
		if err != nil {
			return "", err
		}
		defer file.Close()
		return firstLine(file)
	}
	in, ok := std.In.(*os.File)
	if !ok {
		return "", errors.New("there is no terminal to ask at: give --password-file or --password-env")
	}
	restore, err := screen.NoEcho(in)
	if err != nil {
		return "", errors.New("there is no terminal to ask at: give --password-file or --password-env")
	}
	defer restore()
	fmt.Fprintf(std.Err, "Password of %s: ", account)
	defer fmt.Fprintln(std.Err)
	return firstLine(in)
}

// firstLine takes a line without its end; a password may have blanks at its ends.
func firstLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, 1024)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if _, what := plaintext.NotUTF8([]byte(line)); what != "" { // else each such byte would be U+FFFD, and the password another
		return "", errors.New("it is no text in UTF-8: save the file as UTF-8")
	}
	line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
	line = strings.TrimPrefix(line, "\ufeff") // Notepad's mark of UTF-8
	if line == "" {
		return "", errors.New("it is empty")
	}
	return line, nil
}
