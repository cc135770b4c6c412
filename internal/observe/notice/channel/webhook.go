package channel

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// webhook is an address of one's own. It is signed as Standard Webhooks has it (github.com/standard-webhooks/standard-webhooks), for
// which there are libraries in many languages.
type webhook struct {
	poster
	address string
	key     []byte // nil: unsigned
}

// webhookKey gives the key of a secret: whsec_ and base64 is decoded, as the specification has it; anything else is taken as it is.
func webhookKey(secret string) []byte {
	if encoded, ours := strings.CutPrefix(secret, "whsec_"); ours {
		if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
			return key
		}
	}
	if secret == "" {
		return nil
	}
	return []byte(secret)
}

// delivery is the body.
type delivery struct {
	Version int             `json:"version"` // 1
	ID      string          `json:"id"`
	Level   notice.Level    `json:"level"`
	Title   string          `json:"title"`
	Text    string          `json:"text"`
	At      time.Time       `json:"at"`
	Command string          `json:"command,omitempty"`
	Notices []notice.Notice `json:"notices"`
}

func (c *webhook) Room() int { return 100 }

func (c *webhook) Send(ctx context.Context, m notice.Message) error {
	id, notices := m.ID, m.Notices
	m = cleaned(m)
	body, err := marshal(delivery{1, id, m.Level, m.Title, text(m, 16<<10), m.At, m.Command, notices})
	if err != nil {
		return err
	}
	_, err = c.postBytes(ctx, c.address, body, c.sign(id, body))
	return err
}

// sign gives the headers: the signature is over id, time and body, so that none of them can be another's.
func (c *webhook) sign(id string, body []byte) http.Header {
	sum := sha256.Sum256([]byte(id)) // an id may have any length and characters
	id = "notice_" + base64.RawURLEncoding.EncodeToString(sum[:18])
	at := strconv.FormatInt(c.now().Unix(), 10)
	h := http.Header{}
	h.Set("webhook-id", id)
	h.Set("webhook-timestamp", at)
	if c.key != nil {
		mac := hmac.New(sha256.New, c.key)
		mac.Write([]byte(id + "." + at + "."))
		mac.Write(body)
		h.Set("webhook-signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return h
}
