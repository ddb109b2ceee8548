/** The page's keys. A terminal that one types into gets every key but one. */
import { useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useMay } from '@/lib/client';
import { nextInNeed } from '@/lib/need';
import { toast } from '@/lib/toast';
import { useLayout } from '../layout-store';
import { useAgents, useOpenAgent, usePlansWaiting } from '../use-room';

export interface Shortcut {
  keys: string;
  does: string;
}

export const SHORTCUTS: { title: string; items: Shortcut[] }[] = [
  {
    title: 'go',
    items: [
      { keys: 'g h', does: 'Home' },
      { keys: 'g i', does: 'Approvals' },
      { keys: 'c', does: 'Chat with the primary' },
      { keys: 'g w', does: 'Wall' },
      { keys: 'g t', does: 'Tasks' },
      { keys: 'g s', does: 'Sessions' },
      { keys: 'g b', does: 'Worktrees' },
      { keys: 'g a', does: 'Settings' },
      { keys: 'mod+k', does: 'Find anything' },
    ],
  },
  {
    title: 'act',
    items: [
      { keys: 'n', does: 'Next agent that needs you' },
      { keys: 's', does: 'New agent' },
      { keys: 'j', does: 'Down the list' },
      { keys: 'k', does: 'Up the list' },
      { keys: '.', does: 'Actions for the open agent' },
      { keys: 'i', does: 'Show or hide the facts' },
      { keys: '/', does: 'Write a message, or search the list' },
    ],
  },
  {
    title: 'approvals',
    items: [
      { keys: 'j', does: 'The next question' },
      { keys: 'a', does: 'Allow it once' },
      { keys: 'd', does: 'Deny it' },
      { keys: 'w', does: 'Deny it with words' },
      { keys: 's', does: 'Allow it for the session' },
      { keys: 'r', does: 'Make a rule of it' },
    ],
  },
  {
    title: 'terminal',
    items: [
      { keys: 'ctrl+`', does: 'Into and out of the terminal' },
      { keys: '⏎', does: 'Take the keyboard, when it has the focus' },
      { keys: 'ctrl+⇧F', does: 'Find in the terminal' },
      { keys: 'ctrl+⇧C', does: 'Copy what is selected' },
    ],
  },
];

/** True where typing belongs to a text box, or to an agent. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.dataset.passive === 'true') return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

export function inTerminal(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('.terminal-host') !== null;
}

function rowsOf(selector: string): HTMLElement[] {
  return [...document.querySelectorAll<HTMLElement>(selector)].filter((row) => row.offsetParent !== null);
}

/** One step through the list one is in, else through the list of the page, else through the agents. */
function step(by: 1 | -1): void {
  const listed = rowsOf('main ul [data-task], main ul [data-session], main ul [data-worktree]');
  const agents = rowsOf('[data-agent]');
  const inAgents = agents.includes(document.activeElement as HTMLElement);
  const rows = listed.length > 0 && !inAgents ? listed : agents;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const current = at === -1 ? rows.findIndex((row) => row.ariaCurrent === 'page') : at;
  rows[Math.max(0, Math.min(rows.length - 1, current + by))]?.focus();
}

function toggleTerminal(): void {
  const active = document.activeElement;
  if (active instanceof HTMLElement && inTerminal(active)) active.blur();
  else document.querySelector<HTMLElement>('.terminal-host textarea:not(:disabled)')?.focus();
}

function openActions(): void {
  const trigger = document.querySelector<HTMLElement>('main [aria-label^="Actions for"]');
  trigger?.focus();
  trigger?.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
}

export function useShortcuts(): void {
  const navigate = useNavigate();
  const { ranked } = useAgents();
  const plans = usePlansWaiting().length;
  const openAgent = useOpenAgent();
  const { agentId = null } = useParams({ strict: false });
  const maySpawn = useMay('agents:spawn');
  /** When `g` was pressed; what agents do between two keys must not lose it. */
  const prefix = useRef(0);

  useEffect(() => {
    const { show, toggleInspector } = useLayout.getState();
    const go: Record<string, () => void> = {
      h: () => void navigate({ to: '/' }),
      i: () => void navigate({ to: '/approvals' }),
      t: () => void navigate({ to: '/tasks', search: {} }),
      s: () => void navigate({ to: '/sessions', search: {} }),
      w: () => void navigate({ to: '/wall' }),
      b: () => void navigate({ to: '/worktrees' }),
      a: () => void navigate({ to: '/settings' }),
    };
    const act: Record<string, () => void> = {
      c: () => void navigate({ to: '/chat', search: {} }),
      n: () => {
        const next = nextInNeed(ranked, agentId);
        if (next) openAgent(next);
        else if (plans > 0) void navigate({ to: '/' });
        else toast('Nobody needs you now.');
      },
      s: () => maySpawn && show('spawn'),
      j: () => step(1),
      k: () => step(-1),
      i: toggleInspector,
      '.': openActions,
      '?': () => show('help'),
      '/': () => document.querySelector<HTMLElement>('[data-composer], [data-search]')?.focus(),
    };
    const pressed = (event: KeyboardEvent) => {
      if (event.ctrlKey && event.key === '`') {
        event.preventDefault();
        return toggleTerminal();
      }
      const owned = isTyping(event.target) && inTerminal(event.target);
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k' && !(owned && event.ctrlKey)) {
        event.preventDefault();
        return show('palette');
      }
      if (event.metaKey || event.ctrlKey || event.altKey || event.defaultPrevented) return;
      if (isTyping(event.target) || useLayout.getState().dialog) return;
      if (document.querySelector('[role="dialog"], [role="menu"]')) return;
      const second = Date.now() - prefix.current < 1200;
      prefix.current = event.key === 'g' && !second ? Date.now() : 0;
      const action = (second ? go : act)[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    };
    window.addEventListener('keydown', pressed);
    return () => window.removeEventListener('keydown', pressed);
  }, [navigate, ranked, plans, openAgent, agentId, maySpawn]);
}
