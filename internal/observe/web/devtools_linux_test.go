package web

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// chromium is a browser that a test steers by the DevTools protocol (chromedevtools.github.io/devtools-protocol), over a pair of pipes: messages of JSON,
// each ended by a NUL. The client libraries for it are ten times the size of what is needed here.
type chromium struct {
	t       *testing.T
	session string
	to      *os.File

	mu      sync.Mutex
	last    int
	answers map[int]chan message
	loaded  chan struct{}
	said    []string // errors of the console, violations of the policy, exceptions, dialogs
}

type message struct {
	ID     int             `json:"id,omitempty"`
	Method string          `json:"method,omitempty"`
	Params json.RawMessage `json:"params,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
	Error  json.RawMessage `json:"error,omitempty"`
}

// startChromium starts Debian's chromium with one page.
func startChromium(t *testing.T) *chromium {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("DARUMA_CI") != "" {
			t.Fatalf("DARUMA_CI is set, and %v: .ci/run installs it", err)
		}
		t.Skipf("%v: on Debian, apt-get install chromium", err)
	}
	theirIn, in := pipe(t)
	out, theirOut := pipe(t)
	// As root there is no sandbox, and a container's /dev/shm is small.
	cmd := exec.Command(path, "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run",
		"--disable-background-networking", "--disable-extensions", "--user-data-dir="+t.TempDir())
	cmd.ExtraFiles = []*os.File{theirIn, theirOut}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirIn.Close()
	theirOut.Close()
	c := &chromium{t: t, to: in, answers: map[int]chan message{}, loaded: make(chan struct{}, 1)}
	ended := make(chan struct{})
	go func() { c.read(out); close(ended) }()
	t.Cleanup(func() {
		_ = in.Close() // it ends by itself then
		kill := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		kill.Stop()
		_ = out.Close()
		<-ended
	})
	var target struct{ TargetID string }
	c.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	c.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	c.session = attached.SessionID
	for _, domain := range []string{"Page", "Runtime", "Log"} {
		c.call(domain+".enable", nil, nil)
	}
	return c
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	return r, w
}

func (c *chromium) read(from *os.File) {
	in := bufio.NewReaderSize(from, 1<<20)
	for {
		text, err := in.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			continue
		}
		c.mu.Lock()
		switch m.Method {
		case "":
			if answer := c.answers[m.ID]; answer != nil {
				answer <- m
			}
		case "Page.loadEventFired":
			select {
			case c.loaded <- struct{}{}:
			default:
			}
		case "Runtime.exceptionThrown", "Page.javascriptDialogOpening":
			c.said = append(c.said, m.Method+" "+string(m.Params))
		case "Log.entryAdded":
			if strings.Contains(string(m.Params), `"level":"error"`) {
				c.said = append(c.said, string(m.Params))
			}
		}
		c.mu.Unlock()
	}
}

// call calls a method and decodes its result.
func (c *chromium) call(method string, params map[string]any, into any) {
	c.t.Helper()
	c.mu.Lock()
	c.last++
	id, answer := c.last, make(chan message, 1)
	c.answers[id] = answer
	c.mu.Unlock()
	m := map[string]any{"id": id, "method": method, "params": params}
	if c.session != "" {
		m["sessionId"] = c.session
	}
	text, err := json.Marshal(m)
	if err == nil {
		_, err = c.to.Write(append(text, 0))
	}
	if err != nil {
		c.t.Fatal(err)
	}
	select {
	case got := <-answer:
		if got.Error != nil {
			c.t.Fatalf("%s: %s", method, got.Error)
		}
		if into != nil {
			if err := json.Unmarshal(got.Result, into); err != nil {
				c.t.Fatal(err)
			}
		}
	case <-time.After(time.Minute):
		c.t.Fatalf("%s: chromium doesn't answer", method)
	}
	c.mu.Lock()
	delete(c.answers, id)
	c.mu.Unlock()
}

// open goes to an address and waits until the page is loaded.
func (c *chromium) open(address string) {
	c.t.Helper()
	select {
	case <-c.loaded:
	default:
	}
	var to struct{ ErrorText string }
	c.call("Page.navigate", map[string]any{"url": address}, &to)
	if to.ErrorText != "" {
		c.t.Fatalf("%s: %s", address, to.ErrorText)
	}
	c.wait()
}

func (c *chromium) wait() {
	c.t.Helper()
	select {
	case <-c.loaded:
	case <-time.After(time.Minute):
		c.t.Fatal("the page isn't loaded")
	}
}

// js gives what an expression has become, once it is a promise that was kept.
func (c *chromium) js(expression string, into any) {
	c.t.Helper()
	var got struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails json.RawMessage
	}
	c.call("Runtime.evaluate", map[string]any{"expression": expression, "awaitPromise": true, "returnByValue": true}, &got)
	if got.ExceptionDetails != nil {
		c.t.Fatalf("%s: %s", expression, got.ExceptionDetails)
	}
	if into != nil {
		if err := json.Unmarshal(got.Result.Value, into); err != nil {
			c.t.Fatalf("%s: %v: %s", expression, err, got.Result.Value)
		}
	}
}

// appears waits for a text in the page, and gives the milliseconds that passed until then in the browser.
func (c *chromium) appears(text string) (ms float64) {
	c.t.Helper()
	c.js(fmt.Sprintf(`new Promise((done, fail) => {
		const begin = performance.now(), text = %q;
		const look = () => { if (document.body.textContent.includes(text)) { watcher.disconnect(); done(performance.now() - begin); return true; } };
		const watcher = new MutationObserver(look);
		watcher.observe(document.body, {subtree: true, childList: true, characterData: true});
		look() || setTimeout(() => fail(new Error("not in the page: " + text + "\n" + document.body.innerText)), 20000);
	})`, text), &ms)
	return ms
}

// looks sets the size of the page and whether it is dark.
func (c *chromium) looks(width int, dark bool) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
}

// key presses a key.
func (c *chromium) key(key string) {
	c.t.Helper()
	for _, kind := range []string{"keyDown", "keyUp"} {
		p := map[string]any{"type": kind, "key": key}
		if kind == "keyDown" && len(key) == 1 {
			p["text"] = key
		}
		c.call("Input.dispatchKeyEvent", p, nil)
	}
}

// screenshot keeps a picture of the whole page among the results of the run: in the folder DARUMA_SCREENSHOTS, nowhere without it.
func (c *chromium) screenshot(name string) {
	c.t.Helper()
	folder := os.Getenv("DARUMA_SCREENSHOTS")
	if folder == "" {
		return
	}
	var got struct{ Data string }
	c.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true}, &got)
	picture, err := base64.StdEncoding.DecodeString(got.Data)
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644)
	}
	if err != nil {
		c.t.Error(err)
	}
}

// quiet fails where the browser complained of something since the last time.
func (c *chromium) quiet(where string) {
	c.t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, text := range c.said {
		c.t.Errorf("%s: the browser says: %s", where, text)
	}
	c.said = nil
}
