package launch

import (
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/windows"
)

// batchLine gives the command line by which cmd.exe runs a batch file with these arguments and nothing else.
//
// cmd.exe reads a line by rules of its own: what is quoted for an ordinary program ends its quotes there, and & or | in an
// argument starts another program (CVE-2024-24576, "BatBadBut"). So each argument that isn't plain stands in double quotes, a percent sign
// is kept from naming a variable by an empty substring of a variable that always is there (%cd:~,%), delayed expansion is
// off, and what no quoting protects is refused: a double quote, a line break.
// The rules and the trick are those of Rust's standard library (library/std/src/sys/args/windows.rs).
func batchLine(path string, argv []string) (application, line string, err error) {
	if strings.ContainsAny(path, "\"\r\n%") || strings.HasSuffix(path, `\`) {
		return "", "", planError("the batch file's path " + quote(path) + " can't be quoted for cmd.exe: rename it")
	}
	system, err := windows.GetSystemDirectory() // not %ComSpec%, which anybody may have set to anything
	if err != nil {
		return "", "", &Error{Step: "finding cmd.exe", Errno: errnoOf(err)}
	}
	var b strings.Builder
	b.WriteString(`cmd.exe /e:ON /v:OFF /d /c ""` + path + `"`)
	for i, arg := range argv[1:] {
		if strings.ContainsAny(arg, "\"\r\n") {
			return "", "", planError("argument " + strconv.Itoa(i+1) + " of a batch file contains a double quote or a line break, " +
				"which cmd.exe can't be given safely: start the program that the batch file starts, or pass it in env")
		}
		if plain(arg) { // a batch file that compares "%1" with "start" expects it without quotes
			b.WriteString(" " + arg)
			continue
		}
		b.WriteString(` "` + strings.ReplaceAll(arg, "%", "%%cd:~,%"))
		if n := len(arg) - len(strings.TrimRight(arg, `\`)); n > 0 {
			b.WriteString(arg[len(arg)-n:]) // else a program that the batch file hands it to takes \" for a quote
		}
		b.WriteByte('"')
	}
	b.WriteByte('"')
	return filepath.Join(system, "cmd.exe"), b.String(), nil
}

// shellLine gives the command line of cmd.exe itself. What stands behind /c or /k is a text for cmd.exe, which knows no \" and reads quotes by
// rules of its own: with a quote in it, it is handed over as it is, in a pair of quotes that /s takes away again. Without, the usual form
// arrives as meant, as long as there are two quotes at most ("cmd /?").
func shellLine(argv []string) string {
	usual := windows.ComposeCommandLine(argv)
	at := 1
	for ; at < len(argv); at++ {
		if option := strings.ToLower(argv[at]); option == "/c" || option == "/k" {
			break
		}
	}
	if at+1 >= len(argv) {
		return usual
	}
	words := make([]string, 0, len(argv)-at)
	verbatim := false
	for _, word := range argv[at+1:] {
		if strings.Contains(word, `"`) {
			verbatim = true
		} else {
			word = windows.EscapeArg(word)
		}
		words = append(words, word)
	}
	text := strings.Join(words, " ")
	if !verbatim && strings.Count(text, `"`) <= 2 {
		return usual
	}
	return windows.ComposeCommandLine(argv[:at]) + " /s " + argv[at] + ` "` + text + `"`
}

// plain says that cmd.exe takes arg for one word without quotes: letters, digits and what Rust's list has.
func plain(arg string) bool {
	for _, c := range arg {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune(`#$*+-./:?@\_`, c)) {
			return false
		}
	}
	return arg != "" && !strings.HasSuffix(arg, `\`)
}
