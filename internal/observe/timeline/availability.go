package timeline

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/daruma-sh/daruma/internal/observe/history"
)

// Availability draws a table: a line for each program, how available it was over 1, 7, 30 and 90 days.
func Availability(all []history.Availability, program func(service string) string, w Words) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<div class="tl-scroll" tabindex="0" role="region" aria-label="%s"><table class="tl-table"><thead><tr><th scope="col">%s</th>`,
		clean(w.T("Availability")), clean(w.T("Program")))
	for _, days := range history.Spans() {
		fmt.Fprintf(&b, `<th scope="col">%s</th>`, clean(daysName(days, w)))
	}
	for _, name := range []string{"Incidents", "Mean recovery", "Worst recovery"} {
		fmt.Fprintf(&b, `<th scope="col">%s <small>%s</small></th>`, clean(w.T(name)), clean(w.T("of the last 90 days")))
	}
	b.WriteString("</tr></thead><tbody>\n")
	for k := range all {
		line(&b, &all[k], program, w)
	}
	b.WriteString("</tbody></table></div>\n")
	return b.String()
}

func daysName(days int, w Words) string {
	if days == 1 {
		return w.T("1 day")
	}
	return w.f("%d days", days)
}

func line(b *strings.Builder, a *history.Availability, program func(service string) string, w Words) {
	fmt.Fprintf(b, `<tr><th scope="row"><a href="%s">%s</a></th>`, html.EscapeString(program(a.Service)), clean(w.Name(a.Service, a.Program)))
	for k := range a.Over {
		over := &a.Over[k]
		if over.Wanted <= 0 {
			fmt.Fprintf(b, `<td><span aria-label="%s">–</span></td>`, clean(w.T("nothing is known")))
			continue
		}
		class := "tl-full"
		if over.Down > 0 {
			class = "tl-less"
		}
		fmt.Fprintf(b, `<td class="%s" title="%s">%s</td>`, class, clean(w.f("since %s", w.moment(a.Since[k]))), percent(over.Percent()))
	}
	last := &a.Over[len(a.Over)-1]
	mean, worst := "–", "–"
	if last.Recovered > 0 {
		mean, worst = Duration(last.MeanRecovery()), Duration(last.WorstRecovery.Duration())
	}
	fmt.Fprintf(b, "<td>%d</td><td>%s</td><td>%s</td></tr>\n", last.Incidents, mean, worst)
}

// Days draws a strip with a cell for each day, as bad as the day was. link gives where a day leads to.
func Days(name string, days []history.Day, link func(Span) string, w Words) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="tl-days" viewBox="0 0 %d 24" preserveAspectRatio="none" role="group" aria-label="%s">`, len(days)*10, clean(w.T("Availability")+": "+name))
	for k := range days {
		day := &days[k]
		class, top := "tl-unknown", 20
		words := day.Begin.In(w.Zone).Format(time.DateOnly) + ": " + w.T("nothing is known")
		if day.Known && day.Wanted > 0 {
			class, top = "tl-full", 10
			fell := w.T("no incident")
			if day.Incidents > 0 {
				fell = w.f("incidents: %d", day.Incidents)
			}
			if day.Down > 0 || day.Incidents > 0 {
				class, top = "tl-less", 6
			}
			if day.Percent() < 99 {
				class, top = "tl-bad", 0
			}
			words = w.f("%s: %s available, %s", day.Begin.In(w.Zone).Format(time.DateOnly), percent(day.Percent()), fell)
		}
		cell := fmt.Sprintf(`<rect class="%s" x="%d" y="%d" width="9" height="%d">`, class, k*10, top, 24-top)
		if day.Incidents == 0 {
			cell += "<title>" + clean(words) + "</title></rect>"
		} else {
			cell = fmt.Sprintf(`<a href="%s"><title>%s</title>%s</rect></a>`, html.EscapeString(link(Span{day.Begin, day.Begin.AddDate(0, 0, 1)})), clean(words), cell)
		}
		b.WriteString(cell)
	}
	b.WriteString("</svg>\n")
	return b.String()
}
