package command

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/daruma-sh/daruma/internal/observe/config"
)

// writeCertificate writes one for 127.0.0.1, and its key, into a file.
func writeCertificate(t *testing.T, file string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...)
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// With users in observe.yaml the dashboard is served over TLS to who has a password, by the certificate that is there now.
func TestDashboardWithUsers(t *testing.T) {
	t.Setenv("DARUMA_HOME", t.TempDir())
	file := filepath.Join(t.TempDir(), "both.pem")
	writeCertificate(t, file, 1)
	hash, err := bcrypt.GenerateFromPassword([]byte("correct horse"), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	c := config.Config{Dashboard: &config.Dashboard{Listen: "127.0.0.1:0", Hosts: []string{"127.0.0.1"}, Certificate: file, Key: file,
		Users: []config.User{{Name: "ann", Hash: string(hash)}}}}
	ctx, cancel := context.WithCancel(t.Context())
	var said bytes.Buffer
	out := make(lineWriter, 1)
	serve, trouble, err := openDashboard(out, &said, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- serve(ctx) }()
	address := strings.TrimPrefix(strings.TrimSpace(<-out), "dashboard on ")
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	login := func() *http.Response {
		t.Helper()
		answer, err := client.PostForm(address+"login", url.Values{"user": {"ann"}, "password": {"correct horse"}})
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer
	}
	answer := login()
	if answer.StatusCode != http.StatusSeeOther || len(answer.Cookies()) != 1 || answer.TLS.PeerCertificates[0].SerialNumber.Int64() != 1 {
		t.Fatalf("%s %v", answer.Status, answer.Cookies())
	}
	r, _ := http.NewRequest(http.MethodGet, address, nil)
	r.AddCookie(answer.Cookies()[0])
	if answer, err := client.Do(r); err != nil || answer.StatusCode != http.StatusOK {
		t.Error(answer, err)
	}
	writeCertificate(t, file, 2)
	later := time.Now().Add(time.Minute)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if n := login().TLS.PeerCertificates[0].SerialNumber.Int64(); n != 2 {
		t.Errorf("the old certificate is used: %d", n)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if n := login().TLS.PeerCertificates[0].SerialNumber.Int64(); n != 2 {
		t.Errorf("%d", n)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if !strings.Contains(said.String(), "the old one is used") {
		t.Error(said.String())
	}
	if text := trouble(); !strings.HasPrefix(text, "can't read the dashboard's new certificate, and uses the one that ends on 20") {
		t.Errorf("status: %q", text)
	}
	if _, _, err := openDashboard(io.Discard, io.Discard, c, nil); err == nil || !strings.Contains(err.Error(), "dashboard.tls") {
		t.Error("without a certificate:", err)
	}
}

// Whoever renews a certificate writes two files, one after the other: what is read in between isn't what stays.
func TestCertificateBeforeItsKey(t *testing.T) {
	dir, begin := t.TempDir(), time.Now().Truncate(time.Second)
	at := func(file string, minute int) {
		when := begin.Add(time.Duration(minute) * time.Minute)
		if err := os.Chtimes(file, when, when); err != nil {
			t.Fatal(err)
		}
	}
	cert, key, next := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "next.pem")
	replace := func(file string, minute int) {
		text, err := os.ReadFile(next)
		if err == nil {
			err = os.WriteFile(file, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		at(file, minute)
	}
	writeCertificate(t, next, 1)
	replace(cert, 0)
	replace(key, 0)
	said := 0
	c := &certificate{files: config.Dashboard{Certificate: cert, Key: key}, say: func(error) { said++ }}
	serial := func() int64 {
		t.Helper()
		pair, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(pair.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return leaf.SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Fatalf("%d", n)
	}
	writeCertificate(t, next, 2)
	replace(cert, 1)
	for range 2 {
		if n := serial(); n != 1 || said != 1 {
			t.Errorf("before the key is there: %d, said %d times", n, said)
		}
	}
	replace(key, 2)
	if n := serial(); n != 2 || said != 1 {
		t.Errorf("with its key: %d, said %d times", n, said)
	}
	// A pair that can't be read, and that can be later, with the same times: as of a file whose mode is changed.
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at(key, 3)
	if n := serial(); n != 2 || said != 2 {
		t.Errorf("without its key: %d, said %d times", n, said)
	}
	status := &closed{trouble: c.trouble, said: []string{"shop"}}
	if text := status.status(1); !strings.HasPrefix(text, "1 service; doesn't see shop; can't read the dashboard's new certificate") {
		t.Errorf("status: %q", text)
	}
	writeCertificate(t, next, 3)
	replace(cert, 1)
	replace(key, 3)
	c.again = time.Now().Add(-time.Second)
	if n := serial(); n != 3 || said != 2 {
		t.Errorf("a minute later: %d, said %d times", n, said)
	}
	if text := status.status(2); text != "2 services; doesn't see shop" {
		t.Errorf("status: %q", text)
	}
}

func TestHashPassword(t *testing.T) {
	for text, want := range map[string]string{"short\n": "8 to 72 are allowed", strings.Repeat("x", 73): "8 to 72", "": "8 to 72"} {
		if hash, err := hashOf(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %s, %v", text, hash, err)
		}
	}
	hash, err := hashOf(strings.NewReader("with blanks \r\nmore"))
	if err != nil || bcrypt.CompareHashAndPassword([]byte(hash), []byte("with blanks ")) != nil {
		t.Errorf("%s, %v", hash, err)
	}
}
