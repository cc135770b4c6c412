package systemlog

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func journald(t *testing.T, path string) *net.UnixConn {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func receive(t *testing.T, conn *net.UnixConn) string {
	t.Helper()
	buf := make([]byte, 64<<10)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	n, err := conn.Read(buf)
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n])
}

func TestJournalEntries(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	conn := journald(t, path)
	j := openJournal(path)
	defer j.close()
	entry := Find("failed")
	if err := j.write("shop", entry, Event{Kind: "failed", Program: "api", Reason: "exit code 3"}); err != nil {
		t.Fatal(err)
	}
	want := "MESSAGE=Program api of service shop was given up: exit code 3.\nPRIORITY=3\nSYSLOG_IDENTIFIER=daruma\nMESSAGE_ID=" + entry.MessageID() +
		"\nEVENT_ID=1113\nDARUMA_EVENT=failed\nDARUMA_SERVICE=shop\nDARUMA_PROGRAM=api\nDARUMA_REASON=exit code 3\n"
	if got := receive(t, conn); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	text := string(journalEntry("shop", entry, Event{Reason: "a\nPRIORITY=0"}))
	if strings.Contains(text, "DARUMA_PROGRAM") || !strings.Contains(text, "DARUMA_REASON\n\x0c\x00\x00\x00\x00\x00\x00\x00a\nPRIORITY=0\n") {
		t.Errorf("a line break, and no program: %q", text)
	}
}

func TestOnlyWhereSystemdRunsUs(t *testing.T) {
	for _, variables := range [][2]string{{"", ""}, {"8:1234", ""}, {"", "/run/systemd/notify"}} {
		t.Setenv("JOURNAL_STREAM", variables[0])
		t.Setenv("NOTIFY_SOCKET", variables[1])
		if got, want := openSink("shop") != nil, variables[0]+variables[1] != ""; got != want {
			t.Errorf("JOURNAL_STREAM=%s NOTIFY_SOCKET=%s: a log %v, want %v", variables[0], variables[1], got, want)
		}
	}
	if l := func() *Log { t.Setenv("NOTIFY_SOCKET", ""); return Open("shop", nil) }(); l != nil {
		t.Error("a log without systemd")
	}
}
