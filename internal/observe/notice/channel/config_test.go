package channel

import (
	"errors"
	"io"
	"log"
	"path/filepath"
	"strings"
	"testing"
)

var quiet = log.New(io.Discard, "", 0)

func TestConfigRefused(t *testing.T) {
	folder := t.TempDir()
	in := func(name string) string { return filepath.Join(folder, name) }
	put(t, folder, "url", "https://chat.example/5ecret")
	put(t, folder, "http", "http://chat.example/5ecret")
	put(t, folder, "odd", "chat.example/5ecret")
	put(t, folder, "empty", " \n")
	put(t, folder, "password", "5ecret")
	t.Setenv("EMPTY", "")
	mail := func(change func(*Config)) Config {
		c := Config{Type: "smtp", Host: "mail.example", From: "daruma@example.com", To: []string{"ops@example.com"}}
		change(&c)
		return c
	}
	for _, c := range []struct {
		config Config
		says   string
	}{
		{Config{}, "type: is missing: one of wecom, dingtalk"},
		{Config{Type: "irc", URLFile: in("url")}, `is "irc"`},
		{Config{Type: "slack"}, "urlFile: is missing"},
		{Config{Type: "slack", URL: "https://hooks.slack.com/services/5ecret"}, "url: the address of a chat is a secret"},
		{Config{Type: "slack", URLFile: in("nowhere")}, "urlFile: "},
		{Config{Type: "slack", URLFile: in("empty")}, "is empty"},
		{Config{Type: "slack", URLEnv: "EMPTY"}, "the variable EMPTY isn't set"},
		{Config{Type: "slack", URLFile: in("url"), URLEnv: "EMPTY"}, "urlFile: doesn't go with urlEnv"},
		{Config{Type: "slack", URLFile: in("http")}, "must begin with https://"},
		{Config{Type: "wecom", URLFile: in("odd")}, "isn't an address that begins with https://"},
		{Config{Type: "slack", URLFile: in("url"), SecretFile: in("password")}, "go with dingtalk, feishu, webhook"},
		{Config{Type: "slack", URLFile: in("url"), Host: "mail.example"}, "go with smtp"},
		{mail(func(c *Config) { c.URLFile = in("url") }), "don't go with smtp"},
		{mail(func(c *Config) { c.Host = "" }), "host: is missing"},
		{mail(func(c *Config) { c.To = nil }), "to: is missing"},
		{mail(func(c *Config) { c.To = []string{"ops@example.com\r\nBcc: all@example.com"} }), "isn't a mail address"},
		{mail(func(c *Config) { c.Username = "x" }), "username: goes with passwordFile"},
		{mail(func(c *Config) { c.Username, c.PasswordFile, c.TLS = "x", in("password"), "none" }), "a password isn't sent over an unencrypted connection"},
		{mail(func(c *Config) { c.CAFile = in("password") }), "caFile: has no certificate"},
	} {
		_, errs := New(c.config)
		if err := errors.Join(errs...); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "5ecret") {
			t.Errorf("%+v: %v, want %q", c.config, err, c.says)
		}
	}
	if _, errs := New(mail(func(c *Config) { c.Username, c.PasswordFile = "x", in("password") })); errs != nil {
		t.Error(errs)
	}
}
