package web

import (
	_ "embed"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// The languages.
const (
	english  = "en"
	mandarin = "zh"
)

// languageCookie keeps which language was chosen.
const languageCookie = "daruma-language"

// wordsFile has a line "English = 中文" for each text.
//
//go:embed words.zh
var wordsFile string

// chinese reads words.zh.
func chinese() map[string]string {
	words := map[string]string{}
	for line := range strings.Lines(wordsFile) {
		if from, to, ok := strings.Cut(strings.TrimSpace(line), " = "); ok && !strings.HasPrefix(line, "#") {
			words[from] = to
		}
	}
	return words
}

// text gives an English text in the language, with the arguments as fmt takes them; as it is where the language has none.
func (d *Dashboard) text(lang, text string, args ...any) string {
	if lang == mandarin {
		if translated, ok := d.words[text]; ok {
			text = translated
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// languageOf gives the language that was chosen, or the one that the browser prefers.
func languageOf(r *http.Request) string {
	if c, err := r.Cookie(languageCookie); err == nil && (c.Value == english || c.Value == mandarin) {
		return c.Value
	}
	best, weight := english, 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, q, weighted := strings.Cut(strings.TrimSpace(part), ";q=")
		w := 1.0
		if weighted {
			var err error
			if w, err = strconv.ParseFloat(q, 64); err != nil {
				continue
			}
		}
		if lang, _, _ := strings.Cut(strings.ToLower(tag), "-"); (lang == english || lang == mandarin) && w > weight {
			best, weight = lang, w
		}
	}
	return best
}

// visible makes somebody else's text one line without control characters.
func visible(text string) string { return plaintext.Line(text) }
