package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// format is the value of -o.
type format string

const (
	formatText format = "text"
	formatJSON format = "json"
)

// Set takes a value from the command line.
func (f *format) Set(s string) error {
	if s != string(formatText) && s != string(formatJSON) {
		return fmt.Errorf("must be text or json")
	}
	*f = format(s)
	return nil
}

func (f *format) String() string { return string(*f) }

// Type is shown in help.
func (f *format) Type() string { return "text|json" }

// outputFlag gives cmd the flag -o.
func outputFlag(cmd *cobra.Command) *format {
	f := formatText
	cmd.Flags().VarP(&f, "output", "o", "how to print: text, or json for scripts")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions([]string{"text", "json"}, cobra.ShellCompDirectiveNoFileComp))
	return &f
}

// printLine prints one line, whatever stands in its parts.
func printLine(w io.Writer, format string, parts ...any) error {
	_, err := fmt.Fprintln(w, plaintext.Line(fmt.Sprintf(format, parts...)))
	return err
}

// writeJSON prints v for scripts and eyes alike.
func writeJSON(w io.Writer, v any) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(plaintext.JSON(nil, text.Bytes()))
	return err
}

// jsonLine is v as one object in one line, without the newline.
func jsonLine(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	return plaintext.JSON(nil, text), err
}
