package channel

import (
	"encoding/json"
	"slices"

	"github.com/daruma-sh/daruma/internal/plaintext"
)

// tooMany are the codes with which chats say that there were too many messages: WeCom 45009 and 45033, DingTalk 130101, 410100 and
// 90030, Feishu 9499 and 11232.
var tooMany = []int{45009, 45033, 130101, 410100, 90030, 9499, 11232}

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
	if slices.Contains(tooMany, n) {
		e.After = throttled
	}
	return e
}
