/** The room as a plan: agents sit in arcs before their conductor, each in the colour and shape of its state. */
import { useMemo } from 'react';
import { Glyph, LOOK_COLOUR } from '@/components/state-mark';
import { isLive, showAgent } from '@/lib/states';
import type { Agent } from '@/protocol/types';

interface PitProps {
  agents: readonly Agent[];
  onOpen(agent: Agent): void;
}

const WIDTH = 360;
const HEIGHT = 186;
const CENTRE = { x: WIDTH / 2, y: HEIGHT - 26 };
const FIRST_ARC = 58;
const ARC_GAP = 34;
const SEAT_GAP = 40;

interface Seat {
  x: number;
  y: number;
  agent: Agent;
}

/** Fills arcs from the front; each is spread evenly, so that few agents look like a small ensemble. */
export function seats(agents: readonly Agent[]): Seat[] {
  const capacity = (arc: number) => Math.floor((Math.PI * (FIRST_ARC + arc * ARC_GAP)) / SEAT_GAP);
  const placed: Seat[] = [];
  let arc = 0;
  for (let at = 0; at < agents.length; arc += 1) {
    const row = agents.slice(at, at + capacity(arc));
    const radius = FIRST_ARC + arc * ARC_GAP;
    row.forEach((agent, i) => {
      const angle = Math.PI - (Math.PI * (i + 0.5)) / row.length;
      placed.push({ agent, x: CENTRE.x + radius * Math.cos(angle), y: CENTRE.y - radius * Math.sin(angle) });
    });
    at += row.length;
  }
  return placed;
}

export function Pit({ agents, onOpen }: PitProps) {
  const living = useMemo(() => agents.filter(isLive), [agents]);
  const primary = living.find((agent) => agent.role === 'primary') ?? null;
  const players = useMemo(
    () => seats(living.filter((agent) => agent !== primary).slice(0, 48)),
    [living, primary],
  );
  return (
    <svg
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      className="block h-auto w-full max-w-[460px]"
      role="group"
      aria-label="The room: every running agent and its state"
    >
      {[0, 1, 2].map((arc) => (
        <path
          key={arc}
          d={arcPath(FIRST_ARC + arc * ARC_GAP)}
          fill="none"
          stroke="var(--line)"
          strokeWidth="1"
        />
      ))}
      {players.map((seat) => (
        <Player key={seat.agent.id} seat={seat} size={22} onOpen={onOpen} />
      ))}
      {primary ? (
        <Player seat={{ ...CENTRE, agent: primary }} size={28} onOpen={onOpen} />
      ) : (
        <circle
          cx={CENTRE.x}
          cy={CENTRE.y}
          r="14"
          fill="none"
          stroke="var(--line-strong)"
          strokeDasharray="3 4"
        />
      )}
    </svg>
  );
}

function arcPath(radius: number): string {
  return `M${CENTRE.x - radius} ${CENTRE.y}A${radius} ${radius} 0 0 1 ${CENTRE.x + radius} ${CENTRE.y}`;
}

function Player({ seat, size, onOpen }: { seat: Seat; size: number; onOpen(agent: Agent): void }) {
  const { agent, x, y } = seat;
  const shown = showAgent(agent);
  const urgent = shown.look === 'waiting' || shown.look === 'failed';
  const open = () => onOpen(agent);
  return (
    <g
      transform={`translate(${x} ${y})`}
      style={{ color: LOOK_COLOUR[shown.look] }}
      className="group cursor-pointer outline-none"
      role="button"
      tabIndex={0}
      aria-label={`${agent.id}, ${shown.word}`}
      onClick={open}
      onKeyDown={(event) => event.key === 'Enter' && open()}
    >
      <title>{`${agent.id} · ${shown.word}${agent.title ? ` · ${agent.title}` : ''}`}</title>
      <circle
        r={size / 2}
        fill="var(--raised)"
        stroke="currentColor"
        strokeWidth={urgent ? 2 : 1.2}
        className="transition-transform duration-(--fast) group-hover:scale-115 group-focus-visible:stroke-3"
      />
      <g transform={`translate(${-size * 0.25} ${-size * 0.25}) scale(${(size * 0.5) / 14})`}>
        <Glyph look={shown.look} />
      </g>
    </g>
  );
}
