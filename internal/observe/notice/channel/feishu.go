package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// feishu is a custom bot of Feishu, 飞书, or Lark (open.feishu.cn, "custom bot usage guide"): a card, signed in the body. All of its texts
// are plain_text, which knows no markup: <at id=all> is shown as it is written.
type feishu struct {
	poster
	address string
	secret  string // "": the bot has another protection
}

// feishuLimit is for the texts; a request may have 20 KB.
const feishuLimit = 8 << 10

func (c *feishu) Room() int { return 40 }

func (c *feishu) Send(ctx context.Context, m notice.Message) error {
	m = cleaned(m)
	colours := map[notice.Level]string{notice.Bad: "red", notice.Good: "green", notice.Neutral: "blue"}
	plain := func(s string) map[string]any { return map[string]any{"tag": "plain_text", "content": s} }
	body := map[string]any{
		"msg_type": "interactive",
		"card": map[string]any{
			"header":   map[string]any{"title": plain(m.Title), "template": colours[m.Level]},
			"elements": []any{map[string]any{"tag": "div", "text": plain(text(m, feishuLimit))}},
		},
	}
	if c.secret != "" {
		at := strconv.FormatInt(c.now().Unix(), 10)
		body["timestamp"], body["sign"] = at, feishuSign(at, c.secret)
	}
	a, err := c.post(ctx, c.address, body, nil)
	if err != nil {
		return err
	}
	if chatAnswer(a, "StatusCode", "StatusMessage") == nil { // the older form of success, still given beside or instead of the other
		return nil
	}
	return chatAnswer(a, "code", "msg")
}

// feishuSign is HMAC-SHA256 of nothing, with the seconds, a newline and the secret as the key.
func feishuSign(at, secret string) string {
	return base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte(at+"\n"+secret)).Sum(nil))
}
