import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

@Entity('app_user')
export class UserEntity {
  @PrimaryColumn('uuid')
  readonly id!: string;

  /** As it was given. */
  @Column('text')
  readonly email!: string;

  /** What makes it the same as another address. */
  @Column('text', { name: 'email_key' })
  readonly emailKey!: string;

  @Column('text', { nullable: true })
  readonly name!: string | null;

  @Column('text', { name: 'password_hash' })
  readonly passwordHash!: string;

  @Column('boolean', { name: 'is_system_admin' })
  readonly isSystemAdmin!: boolean;

  /** Raised by whatever ends all sessions at once. */
  @Column('integer', { name: 'session_version' })
  readonly sessionVersion!: number;

  @Column('uuid', { name: 'personal_workspace_id' })
  readonly personalWorkspaceId!: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  readonly createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' })
  readonly updatedAt!: Date;
}
