package metrics

import (
	"strings"
	"testing"
	"time"
)

func shipped() []Shipped {
	return []Shipped{
		{Target: "elk", Lines: 10, Bytes: 1000, Refused: 2, FailedRequests: map[string]uint64{"5xx": 3, "none": 0}, Oldest: time.Now().Add(-time.Hour)},
		{Target: "store", Oldest: time.Now().Add(time.Hour)}, // the clock was set back
	}
}

// TestShipping: each fact has its line, by target.
func TestShipping(t *testing.T) {
	c := NewCollector(shop(), "1.0.0")
	c.ShowShipping(shipped)
	var out strings.Builder
	if err := c.Write(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`daruma_shipping_lines_total{target="elk"} 10`, `daruma_shipping_bytes_total{target="elk"} 1000`,
		`daruma_shipping_refused_lines_total{target="elk"} 2`, `daruma_shipping_failed_requests_total{status="5xx",target="elk"} 3`,
		`daruma_shipping_failed_requests_total{status="none",target="elk"} 0`, `daruma_shipping_lag_seconds{target="elk"} 3`,
		`daruma_shipping_lag_seconds{target="store"} 0`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s isn't in\n%s", want, out.String())
		}
	}
}
