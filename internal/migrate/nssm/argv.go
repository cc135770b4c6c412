package nssm

import "strings"

// splitArgs splits the arguments of a command line, what follows the program's name, as CommandLineToArgvW does:
//
//   - blanks and tabs outside of quotes separate;
//   - 2n backslashes before a quote are n backslashes, and the quote begins or ends a quoted part;
//   - 2n+1 backslashes before a quote are n backslashes and a quote;
//   - backslashes elsewhere are backslashes;
//   - of quotes in a row every third, counted from the one that opened the part, is a quote.
//
// Sources: https://learn.microsoft.com/en-us/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw, and for the last
// rule, which that page leaves out, the tests of Wine. Windows compares in TestSplitAsWindows.
func splitArgs(line text) []text {
	var args []text
	for {
		for len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			line = line[1:]
		}
		if len(line) == 0 {
			return args
		}
		var arg text
		arg, line = nextArg(line)
		args = append(args, arg)
	}
}

// nextArg reads one argument, which begins with line.
func nextArg(line text) (arg, rest text) {
	arg = text{}
	quotes, slashes := 0, 0 // quotes: 0 is outside of a quoted part
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case (c == ' ' || c == '\t') && quotes == 0:
			return arg, line[i:]
		case c == '\\':
			arg = append(arg, c)
			slashes++
			continue
		case c == '"':
			arg = arg[:len(arg)-(slashes+1)/2]
			if slashes%2 == 0 {
				quotes++
			} else {
				arg = append(arg, '"')
			}
			for i+1 < len(line) && line[i+1] == '"' {
				i++
				if quotes++; quotes == 3 {
					arg = append(arg, '"')
					quotes = 0
				}
			}
			if quotes == 2 {
				quotes = 0
			}
		default:
			arg = append(arg, c)
		}
		slashes = 0
	}
	return arg, nil
}

// splitCommand splits a whole command line. The first part is the program: in quotes up to the next quote, else up to
// the first blank; backslashes mean nothing there.
func splitCommand(line text) []text {
	line = line.trim()
	if len(line) == 0 {
		return nil
	}
	end, next := 0, 0
	if line[0] == '"' {
		line = line[1:]
		for end < len(line) && line[end] != '"' {
			end++
		}
		next = min(end+1, len(line))
	} else {
		for end < len(line) && line[end] != ' ' && line[end] != '\t' {
			end++
		}
		next = end
	}
	return append([]text{line[:end:end]}, splitArgs(line[next:])...)
}

// splitAtProgram splits a command line without quotes whose program's path may hold blanks: the program ends where Windows would find
// an executable's name, at the first blank behind .exe, .com, .bat or .cmd. Without such a name all of it is the program.
func splitAtProgram(line text) []text {
	for i := range line {
		if line[i] != ' ' && line[i] != '\t' {
			continue
		}
		switch name := strings.ToLower(string(line[:i])); {
		case strings.HasSuffix(name, ".exe"), strings.HasSuffix(name, ".com"), strings.HasSuffix(name, ".bat"), strings.HasSuffix(name, ".cmd"):
			return append([]text{line[:i:i]}, splitArgs(line[i:])...)
		}
	}
	return []text{line}
}

// joinArgs is the command line that splitArgs splits into args again, with no more quotes than needed.
func joinArgs(args []string) string {
	var b strings.Builder
	for i, arg := range args {
		if i > 0 {
			b.WriteByte(' ')
		}
		if arg != "" && !strings.ContainsAny(arg, " \t\"") {
			b.WriteString(arg)
			continue
		}
		b.WriteByte('"')
		slashes := 0
		for j := range len(arg) {
			switch arg[j] {
			case '\\':
				slashes++
			case '"': // those before it double, and one more protects it
				b.WriteString(strings.Repeat(`\`, slashes+1))
				slashes = 0
			default:
				slashes = 0
			}
			b.WriteByte(arg[j])
		}
		b.WriteString(strings.Repeat(`\`, slashes))
		b.WriteByte('"')
	}
	return b.String()
}
