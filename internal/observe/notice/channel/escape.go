package channel

import (
	"strings"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// lookAlike gives a character that looks like r and begins no markup. The markdowns of WeCom and DingTalk have no documented way to
// escape: what a backslash or an entity does differs between their programs.
func lookAlike(r rune) rune {
	switch r {
	case '<', '>', '[', ']', '(', ')', '@', '*', '_', '#', '~', '|', '!', '\\', '&':
		return r - '!' + '！' // the block of fullwidth forms has ASCII's order
	case '`':
		return 'ˋ'
	}
	return r
}

// inertLine makes a text one line that a markdown shows as it is.
func inertLine(s string) string { return strings.Map(lookAlike, plaintext.Line(s)) }

// unfenced is for what stands between ``` and ```.
func unfenced(s string) string { return strings.ReplaceAll(s, "`", "ˋ") }

// cleaned gives the message with all of its texts fit to be shown: one line each, nothing invisible.
func cleaned(m notice.Message) notice.Message {
	m.Title = notice.Clip(plaintext.Line(m.Title), 300)
	facts := make([]notice.Fact, 0, len(m.Facts))
	for _, f := range m.Facts {
		facts = append(facts, notice.Fact{Name: notice.Clip(plaintext.Line(f.Name), 100), Value: notice.Clip(plaintext.Line(f.Value), 700)})
	}
	m.Facts = facts
	output := make([]string, 0, len(m.Output))
	for _, s := range m.Output {
		output = append(output, notice.Clip(plaintext.Line(s), 300))
	}
	m.Output = output
	m.Command = plaintext.Line(m.Command)
	return m
}

// text gives the message as plain text, in at most limit bytes. What is left out first are the oldest lines of output.
func text(m notice.Message, limit int) string {
	return fit(m, limit, func(m notice.Message) string {
		var b strings.Builder
		for _, f := range m.Facts {
			b.WriteString(factLine(f) + "\n")
		}
		if len(m.Output) > 0 {
			b.WriteString("\n")
		}
		for _, s := range m.Output {
			b.WriteString("    " + s + "\n")
		}
		if m.Command != "" {
			b.WriteString("\n$ " + m.Command + "\n")
		}
		return strings.TrimSuffix(b.String(), "\n")
	})
}

func factLine(f notice.Fact) string {
	if f.Name == "" {
		return f.Value
	}
	return f.Name + ": " + f.Value
}

// fit writes the message in at most limit bytes: without its oldest lines of output, then with the last facts left out, then cut.
func fit(m notice.Message, limit int, write func(notice.Message) string) string {
	for {
		s := write(m)
		switch {
		case len(s) <= limit:
			return s
		case len(m.Output) > 0:
			m.Output = m.Output[1:]
		case len(m.Facts) > 1:
			m.Facts = m.Facts[:len(m.Facts)-1]
		default:
			return notice.Clip(s, limit)
		}
	}
}

// inertCommand shows a command, which consists of letters, digits, spaces and -_./: alone, as code.
func inertCommand(s string) string { return "`" + unfenced(s) + "`" }
