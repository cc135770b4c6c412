// Package testarguments has command-line arguments for tests.
package testarguments

import "strings"

// Nasty are arguments that a careless installer gets wrong.
func Nasty() []string {
	return []string{
		"", " ", "a b", `a"b`, `a'b`, `\`, `\\`, `ends\`, `a\"b`, `\n`, "$HOME", "${HOME}", "$$", "a$HOME", "%n", "%%", "100%",
		";", " ; ", "a;b", "\\;", "&&", "|", ">x", "#x", "-x", "--", "@x", ":x", "é ü 漢", "\u00a0", "*", "?", "`id`", "$(id)", "~", "a=b",
		`C:\Program Files\x.exe`, "'", `"`, `""`, "%HOME%", "^", "!", strings.Repeat("long ", 200),
	}
}
