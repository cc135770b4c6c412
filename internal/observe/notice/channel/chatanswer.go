package channel

import (
	"encoding/json"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// tooMany tells whether a chat says by this code that there were too many messages.
func tooMany(code int) bool {
	switch code {
	case 45009, 45033, // WeCom
		130101, 410100, 90030, // DingTalk
		9499, 11232: // Feishu
		return true
	}
	return false
}

// chatAnswer reads the answer of a chat that says with status 200 whether it took the message: 0 in the field code.
func chatAnswer(a *answer, code, message string) error {
	var fields map[string]json.RawMessage
	if json.Unmarshal(a.body, &fields) != nil {
		return failed("it doesn't answer as this chat does (%s): is the address the robot's?", plaintext.Excerpt(a.body, maxExcerpt))
	}
	var n int
	if raw, there := fields[code]; !there || json.Unmarshal(raw, &n) != nil {
		return failed("its answer has no %s: is the address the robot's?", code)
	}
	if n == 0 {
		return nil
	}
	var said string
	_ = json.Unmarshal(fields[message], &said)
	e := failed("it refuses: %s %d (%s)", code, n, plaintext.Excerpt([]byte(said), maxExcerpt))
	if tooMany(n) {
		e.After = throttled
	}
	return e
}
