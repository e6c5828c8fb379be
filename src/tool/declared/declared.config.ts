import { z } from 'zod';
import { configuration, setting } from '../../platform/config/configuration.js';

export class DeclaredToolConfig extends configuration('Declared tools', {
  directory: setting(
    'TOOLS_DIR',
    z.string().optional(),
    'Folder with JSON files that declare HTTP tools for every workspace. Read at start and when it changes.',
  ),
}) {}
