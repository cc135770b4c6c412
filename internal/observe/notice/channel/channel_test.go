package channel

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// request is what a receiver got.
type request struct {
	query  map[string][]string
	header http.Header
	body   []byte
}

// receiver answers every request in the same way, and keeps the last.
func receiver(t *testing.T, status int, answer string, header ...string) (address string, last *request) {
	t.Helper()
	last = &request{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		*last = request{r.URL.Query(), r.Header, body}
		for k := 0; k+1 < len(header); k += 2 {
			w.Header().Set(header[k], header[k+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/hook/5ecret", last
}

// made gives a channel with its address and secret in files.
func made(t *testing.T, kind, address string) Channel {
	t.Helper()
	folder := t.TempDir()
	c := Config{Type: kind, URLFile: filepath.Join(folder, "url")}
	put(t, folder, "url", address+"\n")
	if kind == "dingtalk" || kind == "feishu" || kind == "webhook" {
		c.SecretFile = filepath.Join(folder, "secret")
		put(t, folder, "secret", "SECfoo\n")
	}
	channel, errs := New(c)
	if errs != nil {
		t.Fatal(errs)
	}
	return channel
}

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

var chats = map[string]string{ // and what each answers when it has taken a message
	"wecom":    `{"errcode":0,"errmsg":"ok"}`,
	"dingtalk": `{"errcode":0,"errmsg":"ok"}`,
	"feishu":   `{"code":0,"data":{},"msg":"success"}`,
	"slack":    `ok`,
	"teams":    ``,
	"webhook":  ``,
}

func hostile() notice.Message {
	n := notice.Notice{ID: "shop/1", Kind: notice.Fell, Service: "shop", At: time.Unix(1e9, 0), Items: []notice.Item{{Program: "api", Falls: 1,
		Cause: "<@all> <!channel> <at id=all></at> @all [free](http://evil)", Output: []string{"</font><@all>", "```<!here>```", "line\r\nof\x1b[31m two", "**b** `c` \xff"}}}}
	return notice.Writer{Language: notice.English, Machine: "m1"}.Write(&n)
}

// Each chat takes what is sent to it; the text arrives, and the mentions and links in it don't.
func TestSend(t *testing.T) {
	for kind, answer := range chats {
		t.Run(kind, func(t *testing.T) {
			address, got := receiver(t, http.StatusOK, answer)
			if err := made(t, kind, address).Send(t.Context(), hostile()); err != nil {
				t.Fatal(err)
			}
			var body any
			if err := json.Unmarshal(got.body, &body); err != nil {
				t.Fatalf("%v: %s", err, got.body)
			}
			text := string(got.body)
			if !strings.Contains(text, "shop/api is down") || strings.Contains(text, `\u001b`) && kind != "webhook" { // there nothing is lost
				t.Errorf("%s", text)
			}
			forbidden := map[string][]string{
				"wecom": {"<@", "[free]", "</font><", "```"}, "dingtalk": {"@", "[free]", "```"}, "slack": {"<!", "<@", "<at"},
				"feishu": {"lark_md", `"tag":"markdown"`}, "teams": {`"TextBlock"`, `"FactSet"`, "entities"},
			}
			for _, bad := range forbidden[kind] {
				if strings.Contains(text, bad) {
					t.Errorf("%q is in %s", bad, text)
				}
			}
		})
	}
}

// What isn't taken is an error that never shows the address, whatever the receiver does.
func TestRefusals(t *testing.T) {
	for kind := range chats {
		for _, c := range []struct {
			status         int
			answer         string
			header         []string
			says           string
			after          time.Duration
			refused, chats bool
		}{
			{301, "", []string{"Location", "http://127.0.0.1:1/stolen"}, "redirects aren't followed", 0, false, false},
			{307, "", []string{"Location", "/again"}, "redirects aren't followed", 0, false, false},
			{400, "invalid_payload", nil, "400 Bad Request (invalid_payload)", 0, true, false},
			{404, "", nil, "still the right one?", 0, false, false},
			{429, "", []string{"Retry-After", "30"}, "429", 30 * time.Second, false, false},
			{429, "", []string{"Retry-After", "99999999"}, "429", maxAfter, false, false},
			{503, "", []string{"Retry-After", "garbage"}, "503", 0, false, false},
			{500, strings.Repeat("x", 1<<20), nil, "500", 0, false, false},
			{200, "<html>log in</html>", nil, "is the address the robot's?", 0, false, true},
			{200, `{"hello":1}`, nil, "is the address the robot's?", 0, false, true},
			{200, `{"errcode":45009,"errmsg":"api freq out of limit","code":11232,"msg":"frequency limited"}`, nil, "it refuses", time.Minute, false, true},
			{200, `{"errcode":93000,"errmsg":"invalid webhook url","code":19021,"msg":"sign match fail"}`, nil, "it refuses", 0, false, true},
		} {
			if c.chats && (kind == "slack" || kind == "teams" || kind == "webhook") {
				continue // these say it by the status
			}
			address, _ := receiver(t, c.status, c.answer, c.header...)
			err := made(t, kind, address).Send(t.Context(), hostile())
			if err == nil || !strings.Contains(err.Error(), c.says) || After(err) != c.after || Refused(err) != c.refused {
				t.Errorf("%s, %d %.40q: %v, after %v, refused %v", kind, c.status, c.answer, err, After(err), Refused(err))
			}
			if err != nil && (strings.Contains(err.Error(), "5ecret") || strings.Contains(err.Error(), "SECfoo")) {
				t.Errorf("%s shows the address: %v", kind, err)
			}
		}
	}
}

// A receiver that hangs costs the time that it is given, and nobody who listens an error without the address.
func TestUnreachable(t *testing.T) {
	hung := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	t.Cleanup(hung.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := made(t, "slack", hung.URL+"/5ecret").Send(ctx, hostile()); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("%v", err)
	}
	if err := made(t, "slack", "http://127.0.0.1:1/5ecret").Send(t.Context(), hostile()); err == nil || strings.Contains(err.Error(), "5ecret") {
		t.Errorf("%v", err)
	}
}

// A certificate that isn't trusted, or has expired, is said as that.
func TestCertificate(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	server.Config.ErrorLog = quiet
	t.Cleanup(server.Close)
	err := made(t, "slack", server.URL+"/5ecret").Send(t.Context(), hostile())
	if err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "5ecret") {
		t.Errorf("%v", err)
	}
}

// A certificate that has expired is said as that, and nothing is sent.
func TestExpiredCertificate(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().AddDate(-1, 0, 0), NotAfter: time.Now().AddDate(0, 0, -1), IsCA: true,
		BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was sent") }))
	server.Config.ErrorLog = quiet
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	t.Cleanup(server.Close)
	c := made(t, "slack", server.URL+"/5ecret").(*slack)
	root, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	c.client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	if err := c.Send(t.Context(), hostile()); err == nil || !strings.Contains(err.Error(), "expired") || strings.Contains(err.Error(), "5ecret") {
		t.Errorf("%v", err)
	}
}

// DingTalk: open.dingtalk.com, "custom robot security settings": the sign of milliseconds, newline and secret, with the secret as the key.
func TestDingTalkSignature(t *testing.T) {
	address, got := receiver(t, http.StatusOK, chats["dingtalk"])
	c := made(t, "dingtalk", address+"?access_token=x").(*dingtalk)
	c.now = func() time.Time { return time.UnixMilli(1577262236757) }
	if err := c.Send(t.Context(), hostile()); err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("SECfoo"))
	mac.Write([]byte("1577262236757\nSECfoo"))
	if got.query["sign"][0] != base64.StdEncoding.EncodeToString(mac.Sum(nil)) || got.query["timestamp"][0] != "1577262236757" || got.query["access_token"][0] != "x" {
		t.Errorf("%v", got.query)
	}
}

// Feishu: open.feishu.cn, "custom bot usage guide": nothing is signed, with seconds, newline and secret as the key.
func TestFeishuSignature(t *testing.T) {
	address, got := receiver(t, http.StatusOK, chats["feishu"])
	c := made(t, "feishu", address).(*feishu)
	c.now = func() time.Time { return time.Unix(1599360473, 0) }
	if err := c.Send(t.Context(), hostile()); err != nil {
		t.Fatal(err)
	}
	var body struct{ Timestamp, Sign string }
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	want := base64.StdEncoding.EncodeToString(hmac.New(sha256.New, []byte("1599360473\nSECfoo")).Sum(nil))
	if body.Timestamp != "1599360473" || body.Sign != want {
		t.Errorf("%+v", body)
	}
}

// The webhook is signed as the specification of Standard Webhooks has it; the example of its reference libraries.
func TestWebhookSignature(t *testing.T) {
	c := &webhook{poster: poster{now: func() time.Time { return time.Unix(1614265330, 0) }}, key: webhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}
	mac := hmac.New(sha256.New, c.key)
	h := c.sign("shop/1", []byte(`{"test": 2432232314}`))
	mac.Write([]byte(h.Get("webhook-id") + ".1614265330.{\"test\": 2432232314}"))
	if h.Get("webhook-signature") != "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)) || h.Get("webhook-timestamp") != "1614265330" || len(c.key) != 24 {
		t.Errorf("%v", h)
	}
	if again := c.sign("shop/1", nil); again.Get("webhook-id") != h.Get("webhook-id") {
		t.Error("another attempt has another id")
	}
	if string(webhookKey("plain")) != "plain" || webhookKey("") != nil {
		t.Error("a secret without whsec_ isn't taken as it is")
	}
}

// Messages keep to the chats' limits, however long the texts, and end in whole characters.
func TestLimits(t *testing.T) {
	n := notice.Notice{ID: "1", Kind: notice.Fell, Service: strings.Repeat("服", 2000), Items: []notice.Item{{Program: strings.Repeat("务", 2000),
		Cause: strings.Repeat("<原因", 5000), Output: []string{strings.Repeat("&", 9000), strings.Repeat("输", 9000), strings.Repeat("`", 9000)}}}}
	var many []notice.Notice
	for range 200 {
		many = append(many, n)
	}
	for _, m := range []notice.Message{(notice.Writer{}).Write(&n), (notice.Writer{}).Digest(many)} {
		within(t, m)
	}
}

func within(t *testing.T, m notice.Message) {
	t.Helper()
	if s := wecomText(m); len(s) > 4096 || !utf8.ValidString(s) {
		t.Errorf("wecom: %d bytes", len(s))
	}
	if s := dingtalkText(m); len(s) > 20_000 || !utf8.ValidString(s) {
		t.Errorf("dingtalk: %d bytes", len(s))
	}
	body, err := marshal(slackBody(m))
	var slack struct {
		Blocks []struct{ Text struct{ Text string } }
	}
	if err != nil || json.Unmarshal(body, &slack) != nil || len(slack.Blocks[0].Text.Text) > 150 || len(slack.Blocks[1].Text.Text) > 3000 {
		t.Errorf("slack: %v, %s", err, body)
	}
	if body, err := marshal(teamsBody(m)); err != nil || len(body) > 28<<10 {
		t.Errorf("teams: %d bytes, %v", len(body), err)
	}
}

// A message of as many notices as a channel takes at once has a line for each of them, also where their causes are long: none is lost.
func TestDigestsAreWhole(t *testing.T) {
	for kind := range chats {
		address, got := receiver(t, http.StatusOK, chats[kind])
		c := made(t, kind, address)
		var list []notice.Notice
		for k := range c.Room() {
			list = append(list, notice.Notice{ID: fmt.Sprint(k), Kind: notice.Fell, Service: "shop-backend", At: time.Unix(1e9, 0),
				Items: []notice.Item{{Program: fmt.Sprintf("worker-%03d", k), Cause: strings.Repeat("<连接被拒绝>", 50), Falls: 3}}})
		}
		if err := c.Send(t.Context(), (notice.Writer{Language: notice.Chinese, Machine: "web-1.example.com"}).Digest(list)); err != nil {
			t.Fatal(err)
		}
		for k := range list {
			if !strings.Contains(string(got.body), fmt.Sprintf("worker-%03d", k)) {
				t.Errorf("%s: notice %d of %d is lost", kind, k, len(list))
			}
		}
	}
}

// No text of a stranger becomes markup, and none makes a message too long.
func FuzzMarkup(f *testing.F) {
	f.Add("<@all>", "[free](http://evil)")
	f.Add("`</font>", "```\n<!channel|x>\u202e")
	f.Fuzz(func(t *testing.T, cause, output string) {
		n := notice.Notice{ID: "1", Kind: notice.Fell, Service: "s", Items: []notice.Item{{Program: "p", Cause: cause, Output: []string{output, output}}}}
		m := notice.Writer{}.Write(&n)
		within(t, m)
		wecom := strings.NewReplacer(`<font color="warning">`, "", "</font>", "").Replace(wecomText(m))
		if strings.ContainsAny(strings.ReplaceAll(wecom, "\n> ", ""), "<>[]") || strings.Count(wecom, "`") > 2 {
			t.Errorf("wecom: %q", wecom)
		}
		if ding := dingtalkText(m); strings.ContainsAny(ding, "<[]@!") || strings.Count(ding, "`") > 2 {
			t.Errorf("dingtalk: %q", ding)
		}
		body := slackBody(m)
		for _, s := range []string{body["text"].(string), body["blocks"].([]any)[1].(map[string]any)["text"].(map[string]any)["text"].(string)} {
			if strings.ContainsAny(s, "<>") || strings.Count(s, "`") != 0 && strings.Count(s, "`") != 6 {
				t.Errorf("slack: %q", s)
			}
		}
	})
}
