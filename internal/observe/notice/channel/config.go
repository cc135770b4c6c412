package channel

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// Config is how a channel is configured: one entry of notices.channels in observe.yaml. What is a secret stands in a file of its own or in
// the environment, never in observe.yaml. Paths are absolute.
type Config struct {
	Type string // one of Types

	URL                   string // webhook alone: an address that is no secret
	URLFile, URLEnv       string // a file, or an environment variable, with the address
	SecretFile, SecretEnv string // dingtalk, feishu, webhook: what messages are signed with

	// Of smtp.
	Host                      string
	Port                      int    // 0: 587, 465 where the connection is encrypted from its first byte, 25 where it isn't
	TLS                       string // "" and starttls, implicit, or none
	CAFile                    string // certificates to trust instead of the system's
	From                      string
	To                        []string
	Username                  string
	PasswordFile, PasswordEnv string
}

// Fields are the keys of a channel in observe.yaml.
func (c *Config) Fields() []definition.Field {
	line := func(to *string) func(definition.Value) { return func(v definition.Value) { *to = v.Line() } }
	path := func(to *string) func(definition.Value) { return func(v definition.Value) { *to = v.Path() } }
	return []definition.Field{
		{Key: "type", Decode: func(v definition.Value) { c.Type = v.Enum(Types()...) }},
		{Key: "url", Decode: func(v definition.Value) { c.URL = v.Expanded() }},
		{Key: "urlFile", Decode: path(&c.URLFile)},
		{Key: "urlEnv", Decode: line(&c.URLEnv)},
		{Key: "secretFile", Decode: path(&c.SecretFile)},
		{Key: "secretEnv", Decode: line(&c.SecretEnv)},
		{Key: "host", Decode: line(&c.Host)},
		{Key: "port", Decode: func(v definition.Value) {
			n, _ := v.Integer(1, 65535)
			c.Port = int(n)
		}},
		{Key: "tls", Decode: func(v definition.Value) { c.TLS = v.Enum(tlsStart, tlsImplicit, tlsNone) }},
		{Key: "caFile", Decode: path(&c.CAFile)},
		{Key: "from", Decode: line(&c.From)},
		{Key: "to", Decode: func(v definition.Value) { v.List(func(v definition.Value) { c.To = append(c.To, v.Line()) }) }},
		{Key: "username", Decode: line(&c.Username)},
		{Key: "passwordFile", Decode: path(&c.PasswordFile)},
		{Key: "passwordEnv", Decode: line(&c.PasswordEnv)},
	}
}

// Types lists what a channel can be.
func Types() []string {
	return []string{"wecom", "dingtalk", "feishu", "slack", "teams", "webhook", "smtp"}
}

// maxSecret is the size in bytes of a file with a secret, or with certificates.
const maxSecret = 256 << 10

// New makes the channel, and reads its secrets. The errors are whole sentences, each with the field it is about.
func New(c Config) (Channel, []error) {
	r := &reader{}
	var made Channel
	switch c.Type {
	case "wecom":
		made = &wecom{newPoster(), r.address(c)}
	case "dingtalk":
		made = &dingtalk{newPoster(), r.address(c), r.secret("secret", c.SecretFile, c.SecretEnv)}
	case "feishu":
		made = &feishu{newPoster(), r.address(c), r.secret("secret", c.SecretFile, c.SecretEnv)}
	case "slack":
		made = &slack{newPoster(), r.address(c)}
	case "teams":
		made = &teams{newPoster(), r.address(c)}
	case "webhook":
		made = &webhook{newPoster(), r.address(c), webhookKey(r.secret("secret", c.SecretFile, c.SecretEnv))}
	case "smtp":
		made = r.mail(c)
	case "":
		r.fail("type", "is missing: one of %s", strings.Join(Types(), ", "))
	default:
		r.fail("type", "must be one of %s, is %q", strings.Join(Types(), ", "), c.Type)
	}
	r.unused(c)
	if len(r.errs) > 0 {
		return nil, r.errs
	}
	return made, nil
}

// reader reads a configuration's values and collects what is wrong with it.
type reader struct {
	errs []error
}

func (r *reader) fail(field, format string, args ...any) {
	r.errs = append(r.errs, errors.New(field+": "+fmt.Sprintf(format, args...)))
}

// secret reads what stands in a file or in a variable; "": neither is given.
func (r *reader) secret(field, file, env string) string {
	switch {
	case file != "" && env != "":
		r.fail(field+"File", "doesn't go with %sEnv", field)
	case env != "":
		value := strings.TrimSpace(os.Getenv(env))
		if value == "" {
			r.fail(field+"Env", "the variable %s isn't set", env)
		}
		return value
	case file != "":
		data, err := safefile.ReadFile(file, maxSecret)
		if err != nil {
			r.fail(field+"File", "%v", err)
			return ""
		}
		value := strings.TrimSpace(string(data))
		if value == "" {
			r.fail(field+"File", "%s is empty", file)
		}
		return value
	}
	return ""
}

// Secret reads what stands in the file or in the environment variable, of which one at most is given; "": none is. field begins the names
// of the two keys in observe.yaml, for errors.
func Secret(field, file, env string) (string, error) {
	r := &reader{}
	s := r.secret(field, file, env)
	return s, errors.Join(r.errs...)
}

// address reads the address of a chat or webhook. No error repeats it.
func (r *reader) address(c Config) string {
	from, field := c.URL, "url"
	if from == "" {
		from, field = r.secret("url", c.URLFile, c.URLEnv), "urlFile"
	} else if c.URLFile != "" || c.URLEnv != "" {
		r.fail("url", "doesn't go with urlFile and urlEnv")
	} else if c.Type != "webhook" {
		r.fail("url", "the address of a chat is a secret: put it into a file and name that with urlFile, or into the environment (urlEnv)")
	}
	if from == "" {
		if len(r.errs) == 0 {
			r.fail("urlFile", "is missing: the file with the address")
		}
		return ""
	}
	u, err := url.Parse(from)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		r.fail(field, "isn't an address that begins with https://")
	case u.Scheme == "http" && c.Type != "webhook" && !local(u.Hostname()):
		r.fail(field, "must begin with https://: the address is a secret")
	}
	return from
}

func local(host string) bool { return host == "127.0.0.1" || host == "::1" || host == "localhost" }

// mail reads the fields of smtp.
func (r *reader) mail(c Config) Channel {
	m := &mail{host: c.Host, from: c.From, to: c.To, username: c.Username, tls: c.TLS, now: time.Now}
	ports := map[string]int{tlsStart: 587, tlsImplicit: 465, tlsNone: 25}
	if m.tls == "" {
		m.tls = tlsStart
	}
	if m.port = strconv.Itoa(ports[m.tls]); c.Port != 0 {
		m.port = strconv.Itoa(c.Port)
	}
	if m.host == "" {
		r.fail("host", "is missing: the mail server")
	}
	for _, a := range append([]string{c.From}, c.To...) {
		if !isAddress(a) {
			r.fail("from, to", "%q isn't a mail address like ops@example.com", a)
		}
	}
	if len(c.To) == 0 {
		r.fail("to", "is missing: a list of mail addresses")
	}
	m.password = r.secret("password", c.PasswordFile, c.PasswordEnv)
	if (m.username == "") != (m.password == "") {
		r.fail("username", "goes with passwordFile or passwordEnv, and they with it")
	}
	if m.username != "" && m.tls == tlsNone && !local(m.host) {
		r.fail("tls", "none: a password isn't sent over an unencrypted connection")
	}
	if c.CAFile != "" {
		m.roots = x509.NewCertPool()
		if !m.roots.AppendCertsFromPEM([]byte(r.secret("ca", c.CAFile, ""))) {
			r.fail("caFile", "has no certificate in PEM")
		}
	}
	return m
}

// isAddress takes what goes into a header and a command of SMTP as it is.
func isAddress(s string) bool {
	name, domain, found := strings.Cut(s, "@")
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
	return found && name != "" && domain != "" && strings.Trim(name, letters+"_+=&'") == "" && strings.Trim(domain, letters) == ""
}

// unused refuses fields that the type doesn't have: they would do nothing.
func (r *reader) unused(c Config) {
	signed := []string{"dingtalk", "feishu", "webhook"}
	if (c.SecretFile != "" || c.SecretEnv != "") && !slices.Contains(signed, c.Type) {
		r.fail("secretFile, secretEnv", "go with %s", strings.Join(signed, ", "))
	}
	smtpOnly := c.Host != "" || c.Port != 0 || c.TLS != "" || c.CAFile != "" || c.From != "" || len(c.To) > 0 || c.Username != "" || c.PasswordFile != "" ||
		c.PasswordEnv != ""
	if smtpOnly && c.Type != "smtp" {
		r.fail("host, port, tls, caFile, from, to, username, passwordFile, passwordEnv", "go with smtp")
	}
	if (c.URL != "" || c.URLFile != "" || c.URLEnv != "") && c.Type == "smtp" {
		r.fail("url, urlFile, urlEnv", "don't go with smtp: it has a host")
	}
}
