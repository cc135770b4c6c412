package notice

import (
	"fmt"
	"slices"
	"strings"
)

// phrases are the words of one language.
type phrases struct {
	cause, lastCause, falls, lasted, labels, when, machine string // names of facts
	more, nFalls, digest                                   string // with one number
	programs                                               string // service, number, names
	units                                                  [5]string

	down, loop, again, ended         string
	gaveUp, back                     string
	brief, briefs                    string
	supervisor, supervisors          string
	logLoss, logLossOver             string
	notReady, notReadyOver           string
	stopped, stoppedOver             string
	boot, definition, gone, goneOver string
	upgraded, noUpgrade              string
	alert, alertOver, test, summary  string
	afterFalls, after, briefEnded    string
}

func (w Writer) phrases() *phrases {
	if w.Language == Chinese {
		return chinese()
	}
	return english()
}

func english() *phrases {
	return &phrases{
		cause: "Cause", lastCause: "At last", falls: "Falls", lasted: "For", labels: "Labels", when: "Since", machine: "Machine",
		more: "and %d more", nFalls: "%d falls", digest: "%d notices", programs: "%s: %d programs (%s)",
		units: [5]string{"ms", "s", "min", "h", "d"},
		down:  "%s is down", loop: "%s keeps falling", again: "%s stands again", ended: "%s was stopped before it stood again",
		gaveUp: "%s was given up", back: "%s runs again, which had been given up",
		brief: "%s fell and stood again", briefs: "%s fell %d times, and stood again each time", briefEnded: "%s fell, and was stopped then",
		supervisor:  "%s: daruma's supervisor was replaced, the programs ran on",
		supervisors: "%s: daruma's supervisor was replaced %d times, the programs ran on",
		logLoss:     "%s: output is being lost", logLossOver: "%s: output is written again",
		notReady: "%s isn't ready", notReadyOver: "%s is ready again",
		stopped: "%s was stopped on purpose", stoppedOver: "%s was started again",
		boot: "%s is back after the machine was started", definition: "%s: the definition was refused",
		gone: "%s: nobody answers for the service", goneOver: "%s answers again",
		upgraded: "%s is run by another daruma, the programs ran on", noUpgrade: "%s: an upgrade of daruma failed, the programs ran on",
		alert: "Alert: %s", alertOver: "Resolved: %s", test: "A test of daruma's notices", summary: "%d notices that there was no room to keep one by one",
		afterFalls: ", after %s, %d falls", after: ", after %s",
	}
}

func chinese() *phrases {
	return &phrases{
		cause: "原因", lastCause: "最近原因", falls: "崩溃次数", lasted: "已持续", labels: "标签", when: "开始时间", machine: "机器",
		more: "另有 %d 项", nFalls: "崩溃 %d 次", digest: "%d 条通知", programs: "%s：%d 个程序（%s）",
		units: [5]string{"毫秒", "秒", "分", "小时", "天"},
		down:  "%s 已停止运行", loop: "%s 反复崩溃", again: "%s 已恢复", ended: "%s 在恢复之前被人工停止",
		gaveUp: "%s 已放弃重启", back: "%s 曾被放弃重启，现已重新运行",
		brief: "%s 崩溃后已恢复", briefs: "%s 崩溃 %d 次，每次均已恢复", briefEnded: "%s 崩溃后被人工停止",
		supervisor:  "%s：daruma 的监管进程已被替换，程序未受影响",
		supervisors: "%s：daruma 的监管进程被替换 %d 次，程序未受影响",
		logLoss:     "%s：正在丢失输出", logLossOver: "%s：输出已恢复写入",
		notReady: "%s 未就绪", notReadyOver: "%s 重新就绪",
		stopped: "%s 被人工停止", stoppedOver: "%s 已重新启动",
		boot: "%s 已随机器启动恢复运行", definition: "%s：定义文件被拒绝",
		gone: "%s：服务无应答", goneOver: "%s 恢复应答",
		upgraded: "%s 的 daruma 已升级，程序未受影响", noUpgrade: "%s：daruma 升级失败，程序未受影响",
		alert: "告警：%s", alertOver: "告警解除：%s", test: "daruma 通知测试", summary: "%d 条通知因空间不足而合并",
		afterFalls: "，历时 %s，崩溃 %d 次", after: "，历时 %s",
	}
}

// phrase says a notice without the machine.
func (w Writer) phrase(n *Notice) string {
	p := w.phrases()
	if n.Kind == Test {
		return p.test
	}
	if n.Kind == Summary {
		return fmt.Sprintf(p.summary, n.Count)
	}
	var first Item
	if len(n.Items) > 0 {
		first = n.Items[0]
	}
	if n.Kind == Alert {
		return fmt.Sprintf(pick(n.Over, p.alertOver, p.alert), titles(n.Items)) + w.tail(n, &first)
	}
	form := w.form(n, &first)
	if len(n.Items) > 1 {
		form = plural(form)
	}
	return fmt.Sprintf(form, w.subject(n)) + w.tail(n, &first)
}

// titles are those of alerts, each once.
func titles(items []Item) string {
	var list []string
	for _, i := range items {
		if !slices.Contains(list, i.Title) && len(list) < 4 {
			list = append(list, i.Title)
		}
	}
	return strings.Join(list, ", ")
}

// plural turns what is said of one into what is said of several, in English.
func plural(form string) string {
	for _, pair := range [][2]string{{"%s is", "%s are"}, {"%s was", "%s were"}, {"it stood", "they stood"}, {"%s keeps", "%s keep"}, {"%s stands", "%s stand"},
		{"%s runs", "%s run"}} {
		form = strings.Replace(form, pair[0], pair[1], 1)
	}
	return form
}

func pick(over bool, yes, no string) string {
	if over {
		return yes
	}
	return no
}

// form is the sentence, with a %s for whom it is about.
func (w Writer) form(n *Notice, i *Item) string {
	p := w.phrases()
	switch n.Kind {
	case Fell:
		switch {
		case n.Over && i.Stopped:
			return p.ended
		case n.Over:
			return p.again
		case i.Falls >= LoopFalls:
			return p.loop
		}
		return p.down
	case GaveUp:
		return pick(n.Over, p.back, p.gaveUp)
	case Brief:
		switch {
		case i.Incidents > 1:
			return strings.Replace(p.briefs, "%d", fmt.Sprint(i.Falls), 1)
		case i.Stopped:
			return p.briefEnded
		}
		return p.brief
	case Supervisor:
		if i.Falls > 1 {
			return strings.Replace(p.supervisors, "%d", fmt.Sprint(i.Falls), 1)
		}
		return p.supervisor
	case LogLoss:
		return pick(n.Over, p.logLossOver, p.logLoss)
	case NotReady:
		return pick(n.Over, p.notReadyOver, p.notReady)
	case Stopped:
		return pick(n.Over, p.stoppedOver, p.stopped)
	case Boot:
		return p.boot
	case Definition:
		return p.definition
	case Upgraded:
		return p.upgraded
	case NoUpgrade:
		return p.noUpgrade
	case Gone:
		return pick(n.Over, p.goneOver, p.gone)
	}
	return "%s: " + string(n.Kind)
}

// subject says whom a notice is about.
func (w Writer) subject(n *Notice) string {
	if len(n.Items) > 1 {
		var names []string
		for _, i := range n.Items[:min(3, len(n.Items))] {
			names = append(names, i.Program)
		}
		list := strings.Join(names, ", ")
		if len(n.Items) > 3 {
			list += ", …"
		}
		return fmt.Sprintf(w.phrases().programs, n.Service, len(n.Items)+n.More, list)
	}
	if len(n.Items) == 1 && n.Items[0].Program != "" {
		return n.Service + "/" + n.Items[0].Program
	}
	return n.Service
}

// tail says how long it took.
func (w Writer) tail(n *Notice, i *Item) string {
	p := w.phrases()
	if len(n.Items) != 1 || i.Took <= 0 || !n.Over && n.Kind != Brief && n.Kind != Boot {
		return ""
	}
	if n.Kind == Fell && i.Falls > 1 {
		return fmt.Sprintf(p.afterFalls, w.duration(i.Took), i.Falls)
	}
	return fmt.Sprintf(p.after, w.duration(i.Took))
}
