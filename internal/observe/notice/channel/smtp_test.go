package channel

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// relay is a mail server that talks as it is told to.
type relay struct {
	t        *testing.T
	offers   string      // extensions, separated by spaces and commas: "STARTTLS,AUTH PLAIN"
	config   *tls.Config // its certificate
	refuse   string      // what it answers to the text of a mail
	host     string
	port     int
	mail     chan string // what it has taken
	password chan string
}

// newRelay starts one that serves one conversation. Its certificate is the test servers' of net/http, for example.com and 127.0.0.1.
func newRelay(t *testing.T, offers string) (*relay, *x509.CertPool) {
	t.Helper()
	web := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(web.Close)
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	r := &relay{t: t, offers: offers, config: &tls.Config{Certificates: web.TLS.Certificates}, host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port,
		mail: make(chan string, 1), password: make(chan string, 1)}
	go func() {
		conn, err := l.Accept()
		if err == nil {
			defer conn.Close()
			r.serve(conn)
		}
	}()
	return r, roots
}

func (r *relay) serve(conn net.Conn) {
	in := bufio.NewReader(conn)
	say := func(format string, args ...any) { fmt.Fprintf(conn, format+"\r\n", args...) }
	say("220 relay")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimSpace(line)
		switch verb, rest, _ := strings.Cut(line, " "); strings.ToUpper(verb) {
		case "EHLO":
			say("250-relay")
			for _, offer := range strings.Split(r.offers, ",") {
				say("250-%s", offer)
			}
			say("250 8BITMIME")
		case "STARTTLS":
			say("220 go on")
			conn = tls.Server(conn, r.config)
			in = bufio.NewReader(conn)
			r.offers = strings.TrimPrefix(r.offers, "STARTTLS,")
		case "AUTH":
			if rest == "LOGIN" {
				say("334 %s", base64.StdEncoding.EncodeToString([]byte("Username:")))
				_, _ = in.ReadString('\n')
				say("334 %s", base64.StdEncoding.EncodeToString([]byte("Password:")))
				rest, _ = in.ReadString('\n')
				rest = strings.TrimSpace(rest)
			}
			_, tls := conn.(*tls.Conn)
			decoded, _ := base64.StdEncoding.DecodeString(rest[strings.LastIndexByte(rest, ' ')+1:])
			r.password <- fmt.Sprintf("%q over TLS %v", decoded, tls)
			say("235 welcome")
		case "DATA":
			say("354 go on")
			var text strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil || line == ".\r\n" {
					break
				}
				text.WriteString(line)
			}
			if r.refuse != "" {
				say("%s", r.refuse)
				continue
			}
			r.mail <- text.String()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

func (r *relay) channel(roots *x509.CertPool, change func(*mail)) *mail {
	m := &mail{host: r.host, port: fmt.Sprint(r.port), from: "daruma@example.com", to: []string{"ops@example.com", "b@example.com"}, tls: tlsStart, roots: roots,
		username: "daruma", password: "5ecret", now: time.Now}
	change(m)
	return m
}

func TestMail(t *testing.T) {
	for name, offers := range map[string]string{"plain": "STARTTLS,AUTH PLAIN LOGIN", "login": "STARTTLS,AUTH LOGIN"} {
		t.Run(name, func(t *testing.T) {
			r, roots := newRelay(t, offers)
			m := hostile()
			m.Title = "shop/api 已停止运行\r\nBcc: everybody@example.com"
			if err := r.channel(roots, func(*mail) {}).Send(t.Context(), m); err != nil {
				t.Fatal(err)
			}
			if got := <-r.password; !strings.Contains(got, "5ecret") || !strings.HasSuffix(got, "TLS true") {
				t.Error(got)
			}
			letter, err := netmail.ReadMessage(strings.NewReader(<-r.mail))
			if err != nil {
				t.Fatal(err)
			}
			subject, err := (&mime.WordDecoder{}).DecodeHeader(letter.Header.Get("Subject"))
			if err != nil || !strings.HasPrefix(subject, "shop/api 已停止运行") || letter.Header.Get("Bcc") != "" || letter.Header.Get("Message-Id") == "" {
				t.Errorf("%v, %q", err, letter.Header)
			}
			body, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
			if err != nil || !strings.Contains(string(body), "$ daruma logs shop/api --since ") || strings.Contains(string(body), "\x1b") {
				t.Errorf("%v, %s", err, body)
			}
		})
	}
}

// Nothing is said to a server that can't be trusted: no password, no message.
func TestMailRefused(t *testing.T) {
	t.Run("no STARTTLS", func(t *testing.T) {
		r, roots := newRelay(t, "AUTH PLAIN")
		if err := r.channel(roots, func(*mail) {}).Send(t.Context(), hostile()); err == nil || !strings.Contains(err.Error(), "offers no STARTTLS") {
			t.Errorf("%v", err)
		}
	})
	t.Run("certificate", func(t *testing.T) {
		r, _ := newRelay(t, "STARTTLS,AUTH PLAIN")
		if err := r.channel(x509.NewCertPool(), func(*mail) {}).Send(t.Context(), hostile()); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%v", err)
		}
	})
	t.Run("the message", func(t *testing.T) {
		r, roots := newRelay(t, "STARTTLS,AUTH PLAIN")
		r.refuse = "554 5.7.1 looks like spam"
		if err := r.channel(roots, func(*mail) {}).Send(t.Context(), hostile()); !Refused(err) || !strings.Contains(err.Error(), "looks like spam") {
			t.Errorf("%v", err)
		}
	})
	t.Run("hangs", func(t *testing.T) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		m := &mail{host: "127.0.0.1", port: fmt.Sprint(l.Addr().(*net.TCPAddr).Port), from: "a@b", to: []string{"c@d"}, tls: tlsNone, now: time.Now}
		if err := m.Send(ctx, notice.Message{}); err == nil || !strings.Contains(err.Error(), "no answer") {
			t.Errorf("%v", err)
		}
	})
}

// Without encryption a relay of one's own is talked to, without a password.
func TestMailUnencrypted(t *testing.T) {
	r, _ := newRelay(t, "SIZE 1000000")
	if err := r.channel(nil, func(m *mail) { m.tls, m.username = tlsNone, "" }).Send(t.Context(), hostile()); err != nil {
		t.Fatal(err)
	}
	<-r.mail
}
