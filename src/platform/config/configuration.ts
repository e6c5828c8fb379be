import type { Provider } from '@nestjs/common';
import type { z } from 'zod';

/** One environment variable: its name, the schema of its text and what it is for. */
export interface Setting<Schema extends z.ZodType = z.ZodType> {
  readonly variable: string;
  readonly schema: Schema;
  readonly description: string;
  /** Never printed, and readable from the file named by `<variable>_FILE`. */
  readonly secret: boolean;
  /** What the generated tables show as the default when the schema has none to show. */
  readonly shownDefault?: string;
}

export type Settings = Readonly<Record<string, Setting>>;
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;
export type SettingValues<S extends Settings> = { readonly [K in keyof S]: z.output<S[K]['schema']> };

export interface ConfigurationClass<S extends Settings = Settings> {
  new (environment: EnvironmentVariables): SettingValues<S>;
  readonly section: string;
  readonly settings: S;
}

/** Every configuration class of the loaded modules, in the order of definition: the source of `.env.example`. */
export const configurations: ConfigurationClass[] = [];

/** Declares one environment variable of a configuration class. */
export function setting<Schema extends z.ZodType>(
  variable: string,
  schema: Schema,
  description: string,
  options: { readonly secret?: boolean; readonly shownDefault?: string } = {},
): Setting<Schema> {
  return { variable, schema, description, secret: options.secret ?? false, shownDefault: options.shownDefault };
}

/**
 * The base of a module's configuration class: `class ServerConfig extends configuration('Server', { port: setting(...) }) {}`.
 * An instance holds the parsed values; building one throws on the first faulty variable, which boot prevents by
 * checking all classes at once ({@link environmentFaults}).
 */
export function configuration<S extends Settings>(section: string, settings: S): ConfigurationClass<S> {
  class Configuration {
    static readonly section = section;
    static readonly settings = settings;

    constructor(environment: EnvironmentVariables) {
      for (const [name, declared] of Object.entries(settings)) {
        Object.defineProperty(this, name, {
          value: declared.schema.parse(textOf(environment, declared)),
          enumerable: true,
        });
      }
    }
  }
  const declared = Configuration as unknown as ConfigurationClass<S>;
  configurations.push(declared);
  return declared;
}

/** The token of the environment variables the application was started with. */
export const ENVIRONMENT = Symbol('environment');

/** The provider of a configuration class, for its module's list. */
export function provideConfiguration(type: new (environment: EnvironmentVariables) => object): Provider {
  return {
    provide: type,
    useFactory: (environment: EnvironmentVariables) => new type(environment),
    inject: [ENVIRONMENT],
  };
}

/** Every fault of the environment, one sentence each, for all configuration classes at once. Empty when it is sound. */
export function environmentFaults(environment: EnvironmentVariables): string[] {
  return configurations.flatMap(({ settings }) =>
    Object.values(settings).flatMap((declared) => {
      const parsed = declared.schema.safeParse(textOf(environment, declared));
      return parsed.success ? [] : parsed.error.issues.map((issue) => `${declared.variable}: ${issue.message}`);
    }),
  );
}

/** An empty variable counts as unset, as shells and compose files write it. */
function textOf(environment: EnvironmentVariables, declared: Setting): string | undefined {
  const text = environment[declared.variable];
  return text === '' ? undefined : text;
}
