/** Whether a list and what was chosen from it have room beside each other. */
import { useMedia } from '@/lib/use-media';

export const useBoth = () => useMedia('(min-width: 1000px)');
