package definition

import (
	"path/filepath"
	"strings"
	"testing"
)

// What a file is, its keys say, and not its name.
func TestIsObserver(t *testing.T) {
	for text, want := range map[string]bool{
		"listen: 127.0.0.1:9490":                true,
		"notices: {channels: {}}\nfolder: x":    true,
		"listen: none\nunknown: 1":              true, // the observer says what is wrong with it
		"name: shop\nprograms: {}":              false,
		"name: shop\nfolder: releases/1":        false,
		"listen: 127.0.0.1:1\nname: shop":       false,
		"programs: {}\nnotices: {}":             false,
		"services: {web: {image: nginx}}":       false,
		"":                                      false,
		"# nothing":                             false,
		"- listen":                              false,
		"listen: [":                             false,
		"apiVersion: v1\nkind: Pod\nspec: {}":   false,
		"displayName: x\ntextfile: {folder: x}": false,
	} {
		if got := IsObserver([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestObserverFiles(t *testing.T) {
	dir := t.TempDir()
	text := `listen: 127.0.0.1:9490
textfile: {folder: text}
dashboard: {tls: {certificate: chain.pem, key: chain.pem}, hosts: [a]}
notices:
  alertmanager: {tokenFile: token}
  channels:
    ops: &ops {type: wecom, urlFile: "${SECRETS}/url"}
    dev: {type: wecom, urlFile: token}
    mail: {type: smtp, passwordFile: /etc/password, caFile: [no, text], to: [{deepFile: deep}]}
shipping: {targets: {a: {headers: {X-B: b}, headerFiles: {X-A: header.key}}}}
`
	env := func(name string) (string, bool) { return "secrets", name == "SECRETS" }
	var want []string
	for _, name := range []string{"chain.pem", "token", "secrets/url", "/etc/password", "deep", "header.key"} {
		want = append(want, Absolute(dir, name))
	}
	if got := ObserverFiles([]byte(text), filepath.Join(dir, "observe.yaml"), env); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("%q, want %q", got, want)
	}
}

// A definition with keys of the observer's file is told that they are two files.
func TestObserverKeysInADefinition(t *testing.T) {
	_, err := Parse([]byte("name: shop\nprograms: {api: {command: [x]}}\nnotices: {}\n"), "daruma.yaml", nil)
	if err == nil || !strings.Contains(err.Error(), "3:1: notices: unknown key: it is a key of observe.yaml") {
		t.Error(err)
	}
}
