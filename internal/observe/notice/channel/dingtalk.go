package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// dingtalk is a custom robot of DingTalk, 钉钉 (open.dingtalk.com, "custom robots"): markdown, signed in the address.
type dingtalk struct {
	poster
	address string
	secret  string // "": the robot has another protection
}

// dingtalkLimit is for the text; a message may have 20,000 bytes.
const dingtalkLimit = 8 << 10

func (c *dingtalk) Room() int { return 40 }

func (c *dingtalk) Send(ctx context.Context, m notice.Message) error {
	// Nobody is mentioned without a list in the field at, whatever stands in the text.
	body := map[string]any{
		"msgtype":  "markdown",
		"markdown": map[string]string{"title": inertLine(notice.Clip(m.Title, 120)), "text": dingtalkText(m)},
		"at":       map[string]any{"isAtAll": false},
	}
	address, err := c.signed()
	if err != nil {
		return err
	}
	a, err := c.post(ctx, address, body, nil)
	if err != nil {
		return err
	}
	return chatAnswer(a, "errcode", "errmsg")
}

// signed adds timestamp and sign: HMAC-SHA256, with the secret as the key, of the milliseconds, a newline and the secret.
func (c *dingtalk) signed() (string, error) {
	if c.secret == "" {
		return c.address, nil
	}
	u, err := url.Parse(c.address)
	if err != nil {
		return "", failed("the address is none")
	}
	at := strconv.FormatInt(c.now().UnixMilli(), 10)
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(at + "\n" + c.secret))
	q := u.Query()
	q.Set("timestamp", at)
	q.Set("sign", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	u.RawQuery = q.Encode()
	return u.String(), nil
}

func dingtalkText(m notice.Message) string {
	return fit(cleaned(m), dingtalkLimit, func(m notice.Message) string {
		var b strings.Builder
		b.WriteString("### " + inertLine(m.Title) + "\n")
		for _, f := range m.Facts {
			b.WriteString("\n- " + inertLine(factLine(f)))
		}
		b.WriteString("\n")
		for _, s := range m.Output {
			b.WriteString("\n> " + inertLine(s) + "\n")
		}
		if m.Command != "" {
			b.WriteString("\n" + inertCommand(m.Command) + "\n")
		}
		return b.String()
	})
}
