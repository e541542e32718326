// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/podwatch/kubectl-podwatch/pkg/printers"
)

// perSecond is how often the board is looked at and the screen is drawn at most:
// nobody reads faster.
const perSecond = 4

// ErrQuit is the end of a Screen that the user has asked for.
var ErrQuit = errors.New("quit")

// PanicError is the end of a Screen by a fault of its own.
type PanicError struct {
	Value any
	// Stack is where it happened.
	Stack []byte
}

// Error implements error.
func (e *PanicError) Error() string { return fmt.Sprintf("draw live view: panic: %v", e.Value) }

// Trace is the stack.
func (e *PanicError) Trace() []byte { return e.Stack }

// Options shape a Screen.
type Options struct {
	Board *Board
	// Context and Scope name what is watched, in the first line.
	Context, Scope string
	// WaitsFor is what the run ends with, "" if it does not by itself; Deadline is
	// until when at most, zero for ever.
	WaitsFor string
	Deadline time.Time
	// ShowContext and ShowNamespace add these columns.
	ShowContext, ShowNamespace bool
	Palette                    printers.Palette
	// ASCII keeps other characters out of what podwatch itself writes.
	ASCII bool
	// Location is the time zone of the clock.
	Location *time.Location
	// Now is this machine's clock.
	Now func() time.Time
	// In is the terminal that keys come from, nil for none. Out is the one that is
	// drawn to, Term the value of TERM.
	In   io.Reader
	Out  io.Writer
	Term string
}

// Screen shows a board on a terminal.
type Screen struct {
	program *tea.Program
	model   *model
}

// New returns a screen that does not draw yet.
func New(o Options) *Screen {
	m := &model{state: state{options: o, now: o.Now(), latest: o.Now()}}
	return &Screen{model: m, program: tea.NewProgram(
		m,
		tea.WithInput(o.In), tea.WithOutput(o.Out), tea.WithFPS(perSecond),
		// Signals end the context, colours are the palette's matter. With SSH_TTY the
		// terminal is not asked for its modes: a late answer would end in the shell.
		tea.WithoutSignalHandler(), tea.WithColorProfile(colorprofile.ANSI),
		tea.WithEnvironment([]string{"TERM=" + o.Term, "SSH_TTY=unknown"}),
	)}
}

// Run draws until the user quits (ErrQuit), the screen fails, or ctx ends (nil).
// When it returns the terminal is as it was before, whatever the reason. It may be
// called once.
func (s *Screen) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.model.ctx = ctx
	stop := context.AfterFunc(ctx, s.program.Quit)
	defer stop()
	if _, err := s.program.Run(); err != nil {
		return fmt.Errorf("draw live view: %w", err)
	}
	switch {
	case s.model.failed != nil:
		return s.model.failed
	case s.model.quit:
		return ErrQuit
	}
	return nil
}

// model is the state in the terms of the program that draws it.
type model struct {
	state  state
	ctx    context.Context //nolint:containedctx // of Run, for what is read beside it
	quit   bool
	failed *PanicError
}

// tick comes perSecond times a second.
type tick struct{}

func next() tea.Cmd {
	return tea.Tick(time.Second/perSecond, func(time.Time) tea.Msg { return tick{} })
}

// Init implements tea.Model.
func (m *model) Init() tea.Cmd { return func() tea.Msg { return tick{} } }

// Update implements tea.Model.
func (m *model) Update(msg tea.Msg) (same tea.Model, cmd tea.Cmd) {
	defer func() {
		same = m
		if m.caught(recover()); m.failed != nil {
			cmd = tea.Quit
		}
	}()
	switch msg := msg.(type) {
	case tick:
		m.state.update(refreshed{m.state.options.Board.snapshot(m.state.seen), m.state.options.Now()})
		return m, next()
	case tea.WindowSizeMsg:
		m.state.update(resized{msg.Width, msg.Height})
	case tea.KeyPressMsg:
		return m, m.do(m.state.update(press{msg.String(), msg.Text}))
	case tea.PasteMsg:
		if m.state.typing {
			m.state.update(press{"paste", msg.Content})
		}
	case answered:
		m.state.update(msg)
	case *PanicError:
		m.failed = msg
	}
	return m, nil
}

// View implements tea.Model.
func (m *model) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen = true
	return v
}

func (m *model) draw() string {
	defer func() { m.caught(recover()) }()
	if m.failed != nil {
		return ""
	}
	return m.state.view()
}

// caught keeps the first panic: the next message ends the program in order, and
// the terminal is restored.
func (m *model) caught(value any) {
	if value != nil && m.failed == nil {
		m.failed = &PanicError{value, debug.Stack()}
	}
}

func (m *model) do(e effect) tea.Cmd {
	switch {
	case e.quit:
		m.quit = true
		return tea.Quit
	case e.suspend:
		return tea.Suspend
	case e.redraw:
		return tea.ClearScreen
	case e.copied != "":
		return tea.SetClipboard(e.copied)
	case e.read != nil:
		return m.read(e.read)
	}
	return nil
}

// read asks the subject of r beside the program.
func (m *model) read(r *Row) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if value := recover(); value != nil {
				msg = &PanicError{value, debug.Stack()}
			}
		}()
		return answered{r.ID, r.Subject.Read(m.ctx)}
	}
}
