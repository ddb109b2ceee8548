/** The question of the agent on the stage, if it has one. */
import { useNavigate } from '@tanstack/react-router';
import { ApprovalBanner } from '@/features/approvals/approval-banner';
import { useApprovalsWaiting } from '../use-room';

export function Asks({ agentId }: { agentId: string }) {
  const navigate = useNavigate();
  const asked = useApprovalsWaiting().filter((one) => one.agent_id === agentId);
  const [first] = asked;
  if (!first) return null;
  return (
    <ApprovalBanner
      key={first.id}
      approval={first}
      more={asked.length - 1}
      onInbox={() => void navigate({ to: '/approvals' })}
    />
  );
}
