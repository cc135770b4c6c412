package channel

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"mime"
	"mime/quotedprintable"
	"net/smtp"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// letter is the mail: plain text, in quoted-printable because servers may cut and change other lines. The Message-ID is that of the notice,
// so that a mail that is sent twice is one in most mailboxes.
func (c *mail) letter(m notice.Message) []byte {
	id := sha256.Sum256([]byte(m.ID))
	m = cleaned(m)
	var b bytes.Buffer
	header := func(name, value string) { b.WriteString(name + ": " + value + "\r\n") }
	header("From", c.from)
	header("To", strings.Join(c.to, ", "))
	header("Subject", mime.QEncoding.Encode("utf-8", m.Title))
	header("Date", c.now().Format(time.RFC1123Z))
	header("Message-ID", "<"+base64.RawURLEncoding.EncodeToString(id[:18])+"@"+c.from[strings.LastIndexByte(c.from, '@')+1:]+">")
	header("Auto-Submitted", "auto-generated") // no answers of absent people (RFC 3834)
	header("MIME-Version", "1.0")
	header("Content-Type", `text/plain; charset="utf-8"`)
	header("Content-Transfer-Encoding", "quoted-printable")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	body := m.Title + "\n\n" + text(m, 64<<10) + "\n"
	_, _ = w.Write([]byte(strings.ReplaceAll(body, "\n", "\r\n")))
	_ = w.Close()
	return b.Bytes()
}

func hasWord(list, word string) bool { return slices.Contains(strings.Fields(list), word) }

// login is the mechanism LOGIN, which package smtp lacks.
type login struct{ username, password string }

func (a *login) Start(server *smtp.ServerInfo) (string, []byte, error) {
	if !server.TLS && server.Name != "localhost" && server.Name != "127.0.0.1" && server.Name != "::1" {
		return "", nil, errors.New("a password isn't sent over an unencrypted connection")
	}
	return "LOGIN", nil, nil
}

func (a *login) Next(prompt []byte, more bool) ([]byte, error) {
	if !more {
		return nil, nil
	}
	switch strings.ToLower(strings.TrimSuffix(strings.TrimSpace(string(prompt)), ":")) {
	case "username", "user name":
		return []byte(a.username), nil
	case "password":
		return []byte(a.password), nil
	}
	return nil, errors.New("the server asks something else than user name and password")
}
