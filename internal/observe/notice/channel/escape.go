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

// maxFact is how long a fact may be, in bytes.
const maxFact = 700

// cleaned gives the message with all of its texts fit to be shown: one line each, nothing invisible.
func cleaned(m notice.Message) notice.Message {
	m.Title = notice.Clip(plaintext.Line(m.Title), 300)
	facts := make([]notice.Fact, 0, len(m.Facts))
	for _, f := range m.Facts {
		facts = append(facts, notice.Fact{Name: notice.Clip(plaintext.Line(f.Name), 100), Value: notice.Clip(plaintext.Line(f.Value), maxFact)})
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

// shortest is to how many bytes the facts of a message are shortened before one is left out.
const shortest = 40

// fit writes the message in at most limit bytes: without its oldest lines of output, with shorter facts, then with the last facts left out,
// then cut. Facts are shortened first because in a message of several notices each is one.
func fit(m notice.Message, limit int, write func(notice.Message) string) string {
	longest := maxFact
	for {
		s := write(m)
		switch {
		case len(s) <= limit:
			return s
		case len(m.Output) > 0:
			m.Output = m.Output[1:]
		case longest > shortest:
			longest = max(longest/2, shortest)
			m.Facts = shortened(m.Facts, longest)
		case len(m.Facts) > 1:
			m.Facts = m.Facts[:max(1, len(m.Facts)*9/10)]
		default:
			return notice.Clip(s, limit)
		}
	}
}

func shortened(facts []notice.Fact, longest int) []notice.Fact {
	short := make([]notice.Fact, len(facts))
	for k, f := range facts {
		short[k] = notice.Fact{Name: f.Name, Value: notice.Clip(f.Value, longest)}
	}
	return short
}

// inertCommand shows a command, which consists of letters, digits, spaces and -_./: alone, as code.
func inertCommand(s string) string { return "`" + unfenced(s) + "`" }
