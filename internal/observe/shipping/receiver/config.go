package receiver

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/definition"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// Config says where requests go and by what they are let in. What is a secret stands in a file of its own, never in observe.yaml. Paths are absolute.
type Config struct {
	URL      string
	Headers  []Header
	Username string // of HTTP's basic authentication; its password is in PasswordFile
	// One of them at most is given. They are read for each request anew: a secret may be renewed.
	PasswordFile, BearerTokenFile, APIKeyFile string
	CAFile                                    string // certificates to trust instead of the system's
	Gzip                                      bool
	Timeout                                   time.Duration // for one request
}

// Header is a header that each request has.
type Header struct {
	Name, Value string
	File        string // absolute: where its value stands; "": in Value
}

// Default is what isn't said.
func Default() Config { return Config{Gzip: true, Timeout: 30 * time.Second} }

// Fields are the keys in observe.yaml.
func (c *Config) Fields() []definition.Field {
	return []definition.Field{
		{Key: "url", Decode: func(v definition.Value) {
			if c.URL = strings.TrimRight(v.Expanded(), "/"); c.URL != "" && !isURL(c.URL) {
				v.Fail("must be an address that begins with https:// or http://, without a user, a query or a fragment")
			}
		}},
		{Key: "headers", Decode: func(v definition.Value) {
			v.Map(func(name string, v definition.Value) { c.header(v, Header{Name: name, Value: v.Line()}) })
		}},
		{Key: "headerFiles", Decode: func(v definition.Value) {
			v.Map(func(name string, v definition.Value) { c.header(v, Header{Name: name, File: v.Path()}) })
		}},
		{Key: "username", Decode: func(v definition.Value) { c.Username = v.Line() }},
		{Key: "passwordFile", Decode: func(v definition.Value) { c.PasswordFile = v.Path() }},
		{Key: "bearerTokenFile", Decode: func(v definition.Value) { c.BearerTokenFile = v.Path() }},
		{Key: "apiKeyFile", Decode: func(v definition.Value) { c.APIKeyFile = v.Path() }},
		{Key: "caFile", Decode: func(v definition.Value) { c.CAFile = v.Path() }},
		{Key: "gzip", Decode: func(v definition.Value) { c.Gzip = v.Bool() }},
		{Key: "timeoutSeconds", Decode: func(v definition.Value) {
			if d, ok := v.Seconds(time.Second); ok {
				c.Timeout = d
			}
		}},
	}
}

// header takes one of headers or headerFiles.
func (c *Config) header(v definition.Value, h Header) {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if h.Name == "" || strings.Trim(h.Name, letters) != "" {
		v.Fail("a header's name consists of letters, digits, - and _")
	}
	name := http.CanonicalHeaderKey(h.Name)
	switch name {
	case "Content-Type", "Content-Encoding", "Content-Length", "Host", "Transfer-Encoding":
		v.Fail("this header is made by daruma")
	case "Authorization":
		v.Fail("a secret stands in a file of its own: name it with passwordFile, bearerTokenFile or apiKeyFile")
	}
	if slices.ContainsFunc(c.Headers, func(other Header) bool { return http.CanonicalHeaderKey(other.Name) == name }) {
		v.Fail("this header is given twice")
	}
	c.Headers = append(c.Headers, h)
}

// Warnings say which headers seem to hold a secret that stands in observe.yaml, a sentence each that begins with a field. The secret isn't in it.
func (c *Config) Warnings() (warnings []string) {
	for _, h := range c.Headers {
		name := strings.ToLower(h.Name)
		if h.File == "" && slices.ContainsFunc([]string{"key", "token", "secret", "passw", "auth", "cookie", "credential"},
			func(word string) bool { return strings.Contains(name, word) }) {
			warnings = append(warnings, "headers."+h.Name+": seems to be a secret, and whoever reads observe.yaml reads it: put it into a file of its own, "+
				"and name that in headerFiles")
		}
	}
	return warnings
}

func isURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http") && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

// Check gives what is wrong with the settings together, a sentence each that begins with a field.
func (c *Config) Check() (problems []error) {
	given := 0
	for _, file := range []string{c.PasswordFile, c.BearerTokenFile, c.APIKeyFile} {
		if file != "" {
			given++
		}
	}
	secrets := given
	for _, h := range c.Headers {
		if h.File != "" {
			secrets++
		}
		if _, err := h.value(); err != nil {
			problems = append(problems, err)
		}
	}
	if given > 1 {
		problems = append(problems, errors.New("passwordFile, bearerTokenFile, apiKeyFile: one of them at most is used"))
	}
	if (c.Username == "") != (c.PasswordFile == "") {
		problems = append(problems, errors.New("username: goes with passwordFile, and that with it"))
	}
	if secrets > 0 && strings.HasPrefix(c.URL, "http://") && !isLocal(c.URL) {
		problems = append(problems, errors.New("url: must begin with https://, because a secret is sent with each request"))
	}
	if _, err := c.authorization(); err != nil {
		problems = append(problems, err)
	}
	if _, err := c.roots(); err != nil {
		problems = append(problems, err)
	}
	return problems
}

func isLocal(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	return host == "127.0.0.1" || host == "::1" || host == "localhost"
}

// maxSecret is the size in bytes of a file with a secret, or with certificates.
const maxSecret = 256 << 10

// authorization is the value of the header of this name; "": none.
func (c *Config) authorization() (string, error) {
	for _, s := range []struct {
		field, file string
		value       func(secret string) string
	}{
		{"passwordFile", c.PasswordFile, func(p string) string {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(c.Username+":"+p))
		}},
		{"bearerTokenFile", c.BearerTokenFile, func(token string) string { return "Bearer " + token }},
		{"apiKeyFile", c.APIKeyFile, func(key string) string { return "ApiKey " + key }},
	} {
		if s.file == "" {
			continue
		}
		secret, err := secretIn(s.field, s.file)
		if err != nil {
			return "", err
		}
		return s.value(secret), nil
	}
	return "", nil
}

// value is the header's, from its file if it has one.
func (h *Header) value() (string, error) {
	if h.File == "" {
		return h.Value, nil
	}
	return secretIn("headerFiles."+h.Name, h.File)
}

// secretIn reads the one line of a file. The error begins with the field.
func secretIn(field, file string) (string, error) {
	data, err := safefile.ReadFile(file, maxSecret)
	if err != nil {
		return "", fmt.Errorf("%s: %w", field, err)
	}
	secret := strings.TrimSpace(string(data))
	if secret == "" || strings.ContainsAny(secret, "\r\n\x00") {
		return "", fmt.Errorf("%s: %s must hold one line", field, file)
	}
	return secret, nil
}

// roots are the certificates to trust; nil: the system's.
func (c *Config) roots() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	data, err := safefile.ReadFile(c.CAFile, maxSecret)
	if err != nil {
		return nil, fmt.Errorf("caFile: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("caFile: %s has no certificate in PEM", c.CAFile)
	}
	return pool, nil
}

// transport takes the proxy that the environment names.
func (c *Config) transport() (*http.Transport, error) {
	roots, err := c.roots()
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost, t.IdleConnTimeout = 1, 30*time.Second
	t.MaxResponseHeaderBytes = 32 << 10
	t.DisableCompression = true // an answer that unpacks itself to gigabytes is none of ours
	if roots != nil {
		t.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	}
	return t, nil
}
