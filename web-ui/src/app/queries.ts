/** The query cache: the only home of server data in the page. */
import { QueryClient } from '@tanstack/react-query';
import { ApiError } from '@/lib/http';

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The feed tells of changes; coming back to the tab is no reason to read again.
      refetchOnWindowFocus: false,
      refetchOnReconnect: false,
      retry: (failures, error) => {
        const final = error instanceof ApiError && error.status >= 400 && error.status < 500;
        return !final && failures < 3;
      },
      retryDelay: (attempt) => Math.min(8000, 400 * 2 ** attempt),
    },
  },
});
