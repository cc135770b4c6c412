package pack

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path"
	"regexp"
	"strings"
)

// secretName says why a file is one by its name, that of a key store or of a private key; "": it isn't.
func secretName(file string) string {
	lower := strings.ToLower(file)
	secret := strings.HasSuffix(lower, ".aws/credentials")
	switch path.Base(lower) {
	case ".env", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", "_netrc", ".pgpass", ".htpasswd", ".npmrc", ".pypirc",
		".git-credentials", ".dockerconfigjson", "kubeconfig", "minisign.key", "terraform.tfstate":
		secret = true
	}
	switch path.Ext(lower) {
	case ".pfx", ".p12", ".jks", ".keystore", ".kdbx", ".key", ".ppk":
		secret = true
	}
	if secret {
		return "is a secret by its name"
	}
	return ""
}

// secretPattern is what a secret looks like in a text.
type secretPattern struct {
	what string
	hint []byte // a part of every match, by which most texts are passed over quickly
	form string // a regular expression
}

// secretPatterns are the forms of keys and tokens that can't be taken for anything else.
func secretPatterns() []secretPattern {
	return []secretPattern{
		{"a private key", []byte("PRIVATE KEY-----"), `-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----`},
		{"a private key of minisign", []byte("secret key"), `(?m)^untrusted comment: .*secret key[^\n]*\r?\nRW`},
		{"a private key of age", []byte("AGE-SECRET-KEY-"), `AGE-SECRET-KEY-1[0-9A-Z]{50}`},
		{"an access key of AWS", []byte("AKIA"), `\bAKIA[0-9A-Z]{16}\b`},
		{"an access key of Alibaba Cloud", []byte("LTAI"), `\bLTAI[0-9A-Za-z]{12,26}\b`},
		{"a key of Tencent Cloud", []byte("AKID"), `\bAKID[0-9A-Za-z]{32}\b`},
		{"a key of Google", []byte("AIza"), `\bAIza[0-9A-Za-z_-]{35}`},
		{"a token of GitHub", []byte("gh"), `\bgh[pousr]_[0-9A-Za-z]{36}|\bgithub_pat_[0-9A-Za-z_]{60}`},
		{"a token of GitLab", []byte("glpat-"), `\bglpat-[0-9A-Za-z_-]{20}`},
		{"a token of Slack", []byte("xox"), `\bxox[abeoprs]-[0-9A-Za-z-]{20}`},
		{"a key of Stripe", []byte("k_live_"), `\b[rs]k_live_[0-9A-Za-z]{20}`},
		{"a web address with a password in it", []byte("://"),
			`\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqps?|https?|ftp)://[^\s:/@"'<>{}$%*]+:[^\s:/@"'<>{}$%*]{3,}@`},
	}
}

// maxScanned is how much of a file is looked through, in bytes: a secret stands in a short one, or at the beginning.
const maxScanned = 4 << 20

// secretContent says why a file is a secret by what stands in it; "": it isn't. Executables have such texts in them without being secrets:
// what has a zero byte is passed over.
func secretContent(root *os.Root, file string) (string, error) {
	f, err := root.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	head := make([]byte, 8<<10)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", err
	}
	if bytes.IndexByte(head[:n], 0) >= 0 {
		return "", nil
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxScanned))
	if err != nil {
		return "", err
	}
	text := append(head[:n], rest...)
	for _, p := range secretPatterns() {
		if !bytes.Contains(text, p.hint) {
			continue
		}
		if at := regexp.MustCompile(p.form).FindIndex(text); at != nil {
			return "has " + p.what + " in line " + lineOf(text, at[0]), nil
		}
	}
	return "", nil
}
