package channel

import (
	"context"
	"strings"

	"github.com/daruma-sh/daruma/internal/observe/notice"
)

// wecom is a group robot of WeCom, 企业微信 (developer.work.weixin.qq.com/document/path/91770): markdown of at most 4,096 bytes.
type wecom struct {
	poster
	address string
}

// wecomLimit is below 4,096, which counts the content alone.
const wecomLimit = 4096

func (c *wecom) Room() int { return 15 }

func (c *wecom) Send(ctx context.Context, m notice.Message) error {
	body := map[string]any{"msgtype": "markdown", "markdown": map[string]string{"content": wecomText(m)}}
	a, err := c.post(ctx, c.address, body, nil)
	if err != nil {
		return err
	}
	return chatAnswer(a, "errcode", "errmsg")
}

func wecomText(m notice.Message) string {
	colours := map[notice.Level]string{notice.Bad: "warning", notice.Good: "info", notice.Neutral: "comment"}
	return fit(cleaned(m), wecomLimit, func(m notice.Message) string {
		var b strings.Builder
		b.WriteString(`**<font color="` + colours[m.Level] + `">` + inertLine(m.Title) + "</font>**")
		for _, f := range m.Facts {
			b.WriteString("\n> " + inertLine(factLine(f)))
		}
		if len(m.Output) > 0 {
			b.WriteString("\n")
		}
		for _, s := range m.Output {
			b.WriteString("\n" + inertLine(s))
		}
		if m.Command != "" {
			b.WriteString("\n\n" + inertCommand(m.Command))
		}
		return b.String()
	})
}
