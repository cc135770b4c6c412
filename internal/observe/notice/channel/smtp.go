package channel

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/smtp"
	"net/textproto"
	"strconv"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
	"github.com/daruma-sh/daruma/internal/plaintext"
)

// mail sends by SMTP to one relay, which delivers.
type mail struct {
	host, port         string
	from               string
	to                 []string
	username, password string // "": no authentication
	tls                string // tlsStart, tlsImplicit or tlsNone
	roots              *x509.CertPool
	dialer             net.Dialer
	now                func() time.Time
}

// How a connection is encrypted.
const (
	tlsStart    = "starttls" // by the command, without which nothing is sent (RFC 3207)
	tlsImplicit = "implicit" // from the first byte (RFC 8314)
	tlsNone     = "none"
)

func (c *mail) Room() int { return 100 }

func (c *mail) Send(ctx context.Context, m notice.Message) error {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	conn, err := c.dialer.DialContext(ctx, "tcp", net.JoinHostPort(c.host, c.port))
	if err != nil {
		return err
	}
	// The deadline and the end of ctx are those of everything that follows.
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	err = c.converse(conn, m)
	_ = conn.Close()
	if err != nil && ctx.Err() != nil {
		return failed("no answer within %v", Timeout)
	}
	return explained(err)
}

func (c *mail) converse(conn net.Conn, m notice.Message) error {
	config := &tls.Config{ServerName: c.host, RootCAs: c.roots, MinVersion: tls.VersionTLS12}
	if c.tls == tlsImplicit {
		conn = tls.Client(conn, config)
	}
	client, err := smtp.NewClient(conn, c.host)
	if err != nil {
		return err
	}
	if c.tls == tlsStart {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return failed("the server offers no STARTTLS: set tls: implicit for port 465, or tls: none for a relay of your own")
		}
		if err := client.StartTLS(config); err != nil {
			return err
		}
	}
	if c.username != "" {
		if err := client.Auth(c.auth(client)); err != nil {
			return err
		}
	}
	if err := client.Mail(c.from); err != nil {
		return err
	}
	for _, to := range c.to {
		if err := client.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(c.letter(m)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = client.Quit() // the server has taken it
	return nil
}

// auth is PLAIN, or LOGIN where the server offers only that, as some of Microsoft's do. Neither gives a password to an unencrypted
// connection, except to this machine.
func (c *mail) auth(client *smtp.Client) smtp.Auth {
	if _, offered := client.Extension("AUTH"); !hasWord(offered, "PLAIN") && hasWord(offered, "LOGIN") {
		return &login{c.username, c.password}
	}
	return smtp.PlainAuth("", c.username, c.password, c.host)
}

// explained tells whether the server refuses the message itself.
func explained(err error) error {
	var answer *textproto.Error
	if !errors.As(err, &answer) {
		return err
	}
	e := failed("it answers %s %s", strconv.Itoa(answer.Code), plaintext.Excerpt([]byte(answer.Msg), maxExcerpt))
	e.Refuse = answer.Code == 552 || answer.Code == 554 // of its size, or taken for spam (RFC 5321, 4.2.3)
	return e
}
