import { Controller, Get, Header, Param } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Public } from '../http/access.js';
import { ApiProblems } from '../http/api-problems.js';
import { notFound } from './http.errors.js';
import { problemTypeOf, problemTypes, type ProblemType } from './problem.js';

/** The pages that a problem's `type` points to. */
@ApiTags('Problems')
@Controller('problems')
export class ProblemController {
  @Get()
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @ApiProduces('text/html')
  @ApiOkResponse({ description: 'A page.' })
  @ApiOperation({ summary: 'List every kind of problem', operationId: 'listProblems' })
  list(): string {
    return page(
      'Problems',
      `<ul>${problemTypes()
        .map(
          (type) =>
            `<li><a href="/problems/${type.slug}">${type.slug}</a> (${type.status}) ${escaped(type.title)}</li>`,
        )
        .join('')}</ul>`,
    );
  }

  @Get(':slug')
  @Public()
  @Header('Content-Type', 'text/html; charset=utf-8')
  @ApiProduces('text/html')
  @ApiOkResponse({ description: 'A page.' })
  @ApiOperation({ summary: 'Explain a kind of problem', operationId: 'explainProblem' })
  @ApiProblems(404)
  explain(@Param('slug') slug: string): string {
    const type = problemTypeOf(slug);
    if (!type) throw notFound('There is no such kind of problem. /problems lists them.');
    return page(type.title, article(type));
  }
}

const article = (type: ProblemType): string =>
  `<p><code>${type.slug}</code>, status ${type.status}</p><p>${escaped(type.explanation)}</p>`;

const page = (title: string, content: string): string =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title><h1>${escaped(title)}</h1>${content}</html>`;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
