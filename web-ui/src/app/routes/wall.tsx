/** The wall of all running terminals. */
import { Button } from '@/components/ui/button';
import { Empty, Failed, Skeleton } from '@/components/ui/states';
import { Wall } from '@/features/terminal/wall';
import { isLive } from '@/lib/states';
import { usePhone } from '@/lib/use-media';
import { useLayout } from '../layout-store';
import { useAgents, useOpenAgent } from '../use-room';
import { PhoneHead } from './phone-head';

export default function WallRoute() {
  const agents = useAgents();
  const openAgent = useOpenAgent();
  const phone = usePhone();
  const show = useLayout((state) => state.show);
  if (agents.isPending) return <Skeleton waitingFor="the list of agents" />;
  if (agents.isError) return <Failed error={agents.error} retry={() => void agents.refetch()} />;
  // By id: a tile keeps its place, so that one finds it without looking.
  const live = agents.ranked
    .map(({ agent }) => agent)
    .filter(isLive)
    .sort((a, b) => (a.role === b.role ? a.id.localeCompare(b.id) : a.role === 'primary' ? -1 : 1));
  return (
    <>
      {phone && <PhoneHead title="Wall" />}
      <div className="scroll-y min-h-0 flex-1">
        <h1 className="sr-only">Wall</h1>
        {live.length === 0 ? (
          <Empty
            title="No terminal is running"
            action={<Button onClick={() => show('spawn')}>Start an agent</Button>}
          >
            The wall shows the screen of every running agent, twice a second.
          </Empty>
        ) : (
          <Wall agents={live} onOpen={(agent) => openAgent(agent)} />
        )}
      </div>
    </>
  );
}
