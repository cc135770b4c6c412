package screen

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var short, long, file bytes.Buffer
		end := progress(&short, true, "stopping shop")
		time.Sleep(900 * time.Millisecond)
		end()
		if short.Len() != 0 {
			t.Errorf("under a second: %q", &short)
		}
		end = progress(&long, true, "stopping shop")
		time.Sleep(3050 * time.Millisecond)
		end()
		for _, want := range []string{"stopping shop … 1s\x1b[K", "stopping shop … 3s\x1b[K"} {
			if !strings.Contains(long.String(), want) {
				t.Errorf("%q isn't in %q", want, &long)
			}
		}
		if !strings.HasSuffix(long.String(), "\r\x1b[K") {
			t.Errorf("the line stays: %q", &long)
		}
		end = progress(&file, false, "stopping shop")
		time.Sleep(time.Minute)
		end()
		if file.Len() != 0 {
			t.Errorf("to a file: %q", &file)
		}
	})
}
