import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';
import type { RedactionMode } from '../redaction/redaction-mode.js';

@Entity('workspace')
export class WorkspaceEntity {
  @PrimaryColumn('uuid')
  readonly id!: string;

  @Column('text')
  readonly name!: string;

  /** Made with its user, who stays its owner. */
  @Column('boolean', { name: 'is_personal' })
  readonly isPersonal!: boolean;

  @Column('text')
  readonly redaction!: RedactionMode;

  @Column('uuid', { name: 'created_by' })
  readonly createdBy!: string;

  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' })
  readonly createdAt!: Date;

  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' })
  readonly updatedAt!: Date;
}
