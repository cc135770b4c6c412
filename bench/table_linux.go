package main

import (
	"fmt"
	"slices"
	"strings"
)

// table is what a case found: columns of figures, a row for each peer.
type table struct {
	columns []string
	ratio   bool // the first column is also given as a multiple of bare's
	rows    []row
}

type row struct {
	peer  string
	cells []string
	first float64 // the first column's figure, for the ratio; 0: none
	note  string
}

func (t *table) add(peer string, first float64, note string, cells ...string) {
	t.rows = append(t.rows, row{peer: peer, cells: cells, first: first, note: note})
}

// fail records that a peer couldn't be measured.
func (t *table) fail(peer string, err error) {
	t.rows = append(t.rows, row{peer: peer, note: err.Error()})
}

func (t *table) markdown() string {
	columns := append([]string{"peer"}, t.columns...)
	if t.ratio {
		columns = append(columns, "× bare")
	}
	columns = append(columns, "note")
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
	floor := 0.0
	for _, r := range t.rows {
		if r.peer == "bare" {
			floor = r.first
		}
	}
	for _, r := range t.rows {
		cells := append([]string{r.peer}, r.cells...)
		for len(cells) <= len(t.columns) {
			cells = append(cells, "–")
		}
		if t.ratio {
			ratio := "–"
			if floor > 0 && r.first > 0 {
				ratio = fmt.Sprintf("%.2f", r.first/floor)
			}
			cells = append(cells, ratio)
		}
		fmt.Fprintf(&b, "| %s | %s |\n", strings.Join(cells, " | "), r.note)
	}
	return b.String()
}

// quantile gives the q-quantile (0 … 1) of what was measured, by the nearest rank.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

func median(values []float64) float64 { return quantile(values, 0.5) }

// figure prints three significant digits, which is more than these machines hold.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func spread(values []float64) string {
	if len(values) == 0 {
		return "–"
	}
	return figure(slices.Min(values)) + "–" + figure(slices.Max(values))
}
